"""Radiolysis against published reference values, equilibrium, conservation and limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from lctem_core.cell import radiolysis
from lctem_core.errors import InputError

AIR = radiolysis.AERATED

#: Dose rate [Gy/s], oxygen [mol/L], pH: an independent translation of the model of Schneider et al.
#: (2014), from pH 7, uniform irradiation, 1,000 s.
REFERENCE = [
    (1e6, 0.0, 5.56), (1e6, AIR, 4.97), (1e7, 0.0, 5.07), (1e7, AIR, 4.80), (4.5e8, 0.0, 4.26),
    (4.5e8, AIR, 4.24), (1e10, 0.0, 3.57), (1e10, AIR, 3.57),
]  # fmt: skip
#: pK of the acids: number of the dissociation among the reactions (from 1), pK.
ACIDS = {1: 13.999, 3: 11.65, 13: 11.9, 15: 4.57, 9: 9.77}


@pytest.mark.parametrize(("dose_rate", "oxygen", "ph"), REFERENCE)
def test_reference_ph(dose_rate, oxygen, ph):
    assert radiolysis.final_ph(dose_rate, oxygen=oxygen) == pytest.approx(ph, abs=0.02)


# The network -------------------------------------------------------------------------------------


def test_every_reaction_balances_hydrogen_oxygen_and_charge():
    network = radiolysis.water()
    assert len(network.k) == len(network.reactions) == 73
    unbalanced = np.any(network.imbalance(), axis=0)
    assert not np.any(unbalanced), np.array(network.reactions)[unbalanced]


def test_the_beam_makes_neither_atoms_nor_charge():
    made = radiolysis.production(1.0)
    assert made @ np.array(list(radiolysis.COMPOSITION.values())) == pytest.approx(0, abs=1e-20)
    # 100 eV are 1.602e-17 J, and 1 Gy is 1 J in a litre of water.
    electrons = made[radiolysis.SPECIES.index("e-aq")]
    assert electrons == pytest.approx(3.47 / 1.602177e-17 / 6.02214e23, rel=1e-5)


@pytest.mark.parametrize(("number", "pk"), ACIDS.items())
def test_rate_constants_give_the_acid_constants(number, pk):
    k = radiolysis.water().k
    # Water's dissociation precedes its recombination; each acid's likewise.
    assert k[number - 1] / k[number] == pytest.approx(10**-pk, rel=1e-5)


@pytest.mark.parametrize(
    ("reaction", "order"),
    [
        ("H2O -> H+ + OH-", 0),
        ("HO2- + H2O -> H2O2 + OH-", 1),
        ("e-aq + H2O -> H + OH-", 2),
        ("2 e-aq + 2 H2O -> H2 + 2 OH-", 2),
    ],
)
def test_water_counts_only_beside_a_lone_radical(reaction, order):
    network = radiolysis.water()
    number = network.reactions.index(reaction)
    assert np.sum(network.factors[:, number] < len(radiolysis.SPECIES)) == order


@given(st.lists(st.floats(min_value=-12, max_value=0), min_size=16, max_size=16))
@settings(max_examples=30)
def test_jacobian_is_the_derivative(exponents):
    network, at = radiolysis.water(), 10.0 ** np.array(exponents)
    # Rates are quadratic, so central differences are exact but for rounding.
    for column in range(16):
        step = np.zeros(16)
        step[column] = at[column] / 2
        slope = (network.change(at + step) - network.change(at - step)) / at[column]
        scale = np.abs(network.stoichiometry) @ network.rates(at + step) / at[column]
        assert np.all(np.abs(slope - network.jacobian(at)[:, column]) <= 1e-12 * (scale + 1e-9))


# Without and with the beam -----------------------------------------------------------------------


@pytest.mark.parametrize("oxygen", [0.0, AIR])
@pytest.mark.parametrize("ph", [0, 2, 4, 7, 10, 14])
def test_without_the_beam_nothing_happens(ph, oxygen):
    trajectory = radiolysis.irradiate(0.0, ph=ph, oxygen=oxygen)
    assert trajectory.ph == pytest.approx(ph, abs=1e-6)
    assert trajectory.of("O2") == pytest.approx(oxygen, rel=1e-9, abs=1e-18)


def test_before_any_reaction_products_grow_with_the_yields():
    dose_rate, moment = 1e7, 1e-12
    trajectory = radiolysis.irradiate(dose_rate, duration=moment)
    made = radiolysis.production(dose_rate)
    for species in ("e-aq", "OH", "H", "H2", "H2O2"):
        grown = made[radiolysis.SPECIES.index(species)] * moment
        assert trajectory.of(species)[-1] == pytest.approx(grown, rel=1e-3)


@given(
    st.floats(min_value=2, max_value=11),
    st.floats(min_value=1, max_value=12),
    st.sampled_from([0.0, AIR]),
)
@settings(max_examples=20, deadline=None)
def test_atoms_and_charge_are_conserved_to_rounding(exponent, ph, oxygen):
    trajectory = radiolysis.irradiate(10**exponent, ph=ph, oxygen=oxygen)
    # Some rounding errors of what is there and what passes through the reactions.
    rounding = np.finfo(float).eps * (radiolysis.WATER + trajectory.turnover())
    assert np.abs(trajectory.drift()).max() <= 100 * rounding
    # Errors of single steps, each up to the absolute tolerance of 1e-18 mol/L, add up.
    assert trajectory.concentrations.min() >= -1e-17


@pytest.mark.parametrize(("dose_rate", "ph", "oxygen"), [(4.5e8, 7, 0.0), (1e5, 6, AIR)])
def test_another_solver_agrees(dose_rate, ph, oxygen):
    network, source = radiolysis.water(), radiolysis.production(dose_rate)
    times = np.logspace(-8, 0, 9)
    other = solve_ivp(
        lambda _, c: network.change(c) + source, (0, 1), radiolysis.initial(ph, oxygen),
        method="Radau", jac=lambda _, c: network.jacobian(c), t_eval=times, rtol=1e-6, atol=1e-14,
    )  # fmt: skip
    ours = radiolysis.irradiate(dose_rate, ph=ph, oxygen=oxygen, duration=1, times=times)
    for species in ("H+", "H2O2", "H2", "O2-", "OH"):
        row = radiolysis.SPECIES.index(species)
        assert ours.concentrations[row] == pytest.approx(other.y[row], rel=1e-3, abs=1e-13)


def test_the_state_after_1000_s_is_steady():
    trajectory = radiolysis.irradiate(4.5e8)
    change = radiolysis.water().change(trajectory.concentrations[:, -1])
    made = radiolysis.production(4.5e8)
    assert np.all(np.abs(change + made)[:-1] <= 1e-6 * made.max())


def test_acid_shields_and_a_hundredfold_rate_costs_about_one_unit():
    assert radiolysis.final_ph(4.5e8, ph=2) == pytest.approx(2, abs=1e-3)
    # Recombination makes [H+] grow with the square root of the dose rate.
    fall = radiolysis.final_ph(1e8) - radiolysis.final_ph(1e10)
    assert fall == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("oxygen", [0.0, AIR])
def test_the_limit_is_where_the_shift_is_reached(oxygen):
    limit = radiolysis.ph_limit(1e7, shift=0.1, oxygen=oxygen)
    assert limit - radiolysis.final_ph(1e7, ph=limit, oxygen=oxygen) == pytest.approx(0.1, abs=1e-3)
    assert np.isnan(radiolysis.ph_limit(1.0, shift=0.1))
    assert radiolysis.ph_limit(1e9, oxygen=oxygen) < limit


def test_settling():
    time = np.logspace(-6, 0, 601)
    decay = np.exp(-time / 1e-3)
    concentrations = np.ones((16, 601))
    concentrations[radiolysis.SPECIES.index("H2")] += decay
    concentrations[radiolysis.SPECIES.index("H+")] = 10 ** (-7 + decay)
    trajectory = radiolysis.Trajectory(1.0, time, concentrations)
    assert trajectory.settled("H2") == pytest.approx(1e-3 * np.log(100), rel=0.03)
    assert trajectory.ph_settled(0.05) == pytest.approx(1e-3 * np.log(20), rel=0.03)
    assert trajectory.settled("OH") == time[0]
    # 1 % of [H+] is a hundredth of e in its logarithm, over ln 10: it comes last.
    slowest, species = trajectory.slowest()
    assert species == "H+"
    assert slowest == pytest.approx(1e-3 * np.log(np.log(10) / np.log(1.01)), rel=0.03)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dose_rate": -1.0}, "dose rate of 0 to"),
        ({"dose_rate": float("nan")}, "dose rate of 0 to"),
        ({"dose_rate": 1e20}, "converts e-/nm²/s"),
        ({"dose_rate": 1.0, "ph": -0.1}, "pH between 0 and 14"),
        ({"dose_rate": 1.0, "ph": 14.5}, "pH between 0 and 14"),
        ({"dose_rate": 1.0, "ph": float("nan")}, "pH between 0 and 14"),
        ({"dose_rate": 1.0, "oxygen": -1e-6}, "dissolved oxygen"),
        ({"dose_rate": 1.0, "oxygen": 255.0}, "255e-6"),
        ({"dose_rate": 1.0, "duration": 0.0}, "duration above 0"),
        ({"dose_rate": 1.0, "duration": 1e9}, "up to 1e4 s"),
        ({"dose_rate": 1.0, "times": np.array([1.0, 0.5])}, "increasing times"),
        ({"dose_rate": 1.0, "times": np.array([0.0, 2e3])}, "between 0 and 1000 s"),
    ],
)
def test_bad_input_is_named(arguments, words):
    with pytest.raises(InputError, match=words):
        radiolysis.irradiate(**arguments)


def test_an_integration_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(radiolysis, "_PATIENCE", 10)
    with pytest.raises(InputError, match="Shorten the duration"):
        radiolysis.irradiate(1e7)


def test_bad_shift_and_species_are_named():
    with pytest.raises(InputError, match="shift of the pH"):
        radiolysis.ph_limit(1e7, shift=0)
    with pytest.raises(InputError, match="one of e-aq, H"):
        radiolysis.irradiate(0.0).of("Cl-")
