package report

import (
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/chart"
	"hnn/cmd/hnn/internal/table"
)

// A Term is a column and its meaning.
type Term struct{ Name, Meaning string }

// meanings are those of all score columns of the program.
var meanings = []Term{
	{"model", "true is the exact field in the same solver: its scores are the errors of the solver. hnn is the Hamiltonian neural network, baseline the plain network."},
	{"system", "the system whose trajectories were learned"},
	{"run", "number of the trajectory"},
	{"seed", "seed of all random numbers"},
	{"E0", "energy E₀ at the start, in J"},
	{"reached", "time up to which the trajectory could be followed, in s"},
	{"train", "mean squared error of the predicted derivatives on the data that were trained on"},
	{"test", "the same on data that were not"},
	{"floor", "the noise floor: the mean test error of the best possible prediction from a noisy state. A model is below it only by chance"},
	{"energy_mse", "mean of (E − E₀)², where E is the true energy of the model's state"},
	{"max_drift", "largest |E − E₀|/E₀: 0.01 is one percent"},
	{"rms_drift", "root mean square of (E − E₀)/E₀"},
	{"slope", "slope of the straight line that fits (E − E₀)/E₀ best, in 1/s: energy that is lost or won steadily"},
	{"coord_rmse", "root mean square distance of the state from the exact state at the same time"},
	{"phase_error", "largest error of the phase angle, in rad: above 0 the model is ahead of the exact motion, below 0 behind it"},
	{"picture", "mean squared error of the reconstructed film, as a share of the variance of its pixels"},
	{"map_q", "error of the best linear map from latent states to true coordinates, as a share of their standard deviation. Energies of a film are read through it"},
	{"map_p", "the same for the momenta"},
	{"amplitude", "largest angle in the last quarter of the film, as a share of that in the first"},
	{"true_period", "period of the true motion, in frames"},
	{"period", "mean period of the rod in the pictures, in frames"},
	{"pixels", "squared error of the picture after so many frames, as a share of the variance"},
	{"repeat", "the same for a film that repeats its first frame"},
	{"rows", "states of the run"},
	{"mse", "mean squared error of the predicted derivatives"},
	{"step_rmse", "root mean square error of one step, from each state to the next. Noise in the data adds to it"},
	{"within10", "time for which a rollout from the first state stays within 10 % of the amplitude"},
	{"within30", "time for which it stays within 30 %"},
	{"noise", "share of the noise in the amplitude: no error can be told that is smaller"},
	{"H_mean", "mean of the model's own H over the states"},
	{"H_spread", "standard deviation of that H within a run; 0 for a perfect H of a closed system without noise"},
	{"dH_dt", "mean rate of the model's H on the data: what the inputs supply less what friction takes"},
	{"dissipated", "mean power that friction takes"},
	{"supplied", "mean power that the inputs give"},
	{"constant", "a number of the model that the training found"},
	{"value", "what was found"},
	{"correlation", "of the errors of two constants: near 1 or −1 the data tell one combination of them alone"},
	{"loss", "mean error that training makes small, in scaled units"},
	{"valid_loss", "the same on held-out data"},
	{"lowest", "lowest loss of all epochs"},
	{"lowest_epoch", "epoch of the lowest loss"},
	{"end", "last time of the rollout"},
	{"H_drift", "largest |H − H₀|/|H₀| of the model's own H"},
	{"error", "why a point failed, if it did"},
	{"pairs", "number of pairs (q, p)"},
	{"median_drift", "median over several rollouts of the largest |H − H₀|/|H₀|"},
	{"test_mse", "mean squared error of the predicted derivatives, on data that were not trained on"},
}

// term returns the number of a column's term, and what else is in its name: hnn of hnn_test and of test_hnn.
// The number is −1 if there is none.
func term(name string) (i int, of string) {
	if i = slices.IndexFunc(meanings, func(m Term) bool { return m.Name == name }); i >= 0 {
		return i, ""
	}
	for k, m := range meanings { // the longest one
		if i >= 0 && len(m.Name) <= len(meanings[i].Name) {
			continue
		}
		if s, ok := strings.CutSuffix(name, "_"+m.Name); ok {
			i, of = k, s
		} else if s, ok := strings.CutPrefix(name, m.Name+"_"); ok {
			i, of = k, s
		}
	}
	return i, of
}

// words returns the words for a column, "" if none are known.
func words(t *table.Table, name string) string {
	i, of := term(name)
	switch {
	case name == "error" && t.Has("constant"):
		return "standard error"
	case i < 0 || chart.Words(meanings[i].Name) == "":
		return ""
	case of == "":
		return chart.Words(name)
	case meanings[i].Name == "pixels" || meanings[i].Name == "repeat": // of N frames
		return strings.Replace(chart.Words(meanings[i].Name), "frames", of+" frames", 1)
	}
	return of + ": " + chart.Words(meanings[i].Name)
}

// terms returns the meanings of the columns, in their order. hnn_test is test of the model hnn, and so
// is test_hnn.
func terms(t *table.Table, columns []string) (all []Term) {
	for _, name := range columns {
		i, _ := term(name)
		if i < 0 || name == "noise" && !t.Has("H_mean") { // it is the flag -noise of a sweep
			continue
		}
		m := meanings[i]
		if m.Name == "coord_rmse" && t.Has("H_mean") {
			m.Meaning = "root mean square error of one rollout from the first state of the run"
		}
		if m.Name == "error" && t.Has("constant") {
			m.Meaning = "standard error of the value"
		}
		if m.Name == "model" && t.Has("true_period") { // of a film
			m.Meaning = "the model that drew the film. Its errors are those against the true film"
		}
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}
