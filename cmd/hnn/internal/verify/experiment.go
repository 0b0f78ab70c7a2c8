package verify

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"hnn/spring"
)

// small is a short experiment with all three models. It takes a second and uses all parts.
func small() spring.Config {
	c := spring.Default()
	c.Duration, c.Train, c.Test, c.Epochs, c.Rollout = 10, 5, 2, 3, 5
	c.NextState = true
	return c
}

// smallSHA256 is the hash of the result of small, on every platform.
const smallSHA256 = "aa3aff5e1621b652c6333eb5442f4a7d861dd98ec69f57e98d7936b4567a3c5f"

// checkExperiment runs the small experiment with one worker and with three.
func checkExperiment(r *report, want string) {
	r.sameBits("experiment", want, func(workers int) string {
		c := small()
		c.Workers = workers
		res, err := spring.Run(context.Background(), c, nil)
		noError(err)
		return hash(res)
	})
}

// hash returns the SHA-256, in hexadecimal, of all numbers of an experiment to the last bit:
// data, losses, weights, energies and scores.
func hash(r *spring.Result) string {
	return hashNumbers(func(put func(vs ...float64)) {
		put(r.Train.T...)
		put(r.Train.X.Data...)
		put(r.Test.DX.Data...)
		put(r.NoiseFloor)
		for _, m := range r.Models {
			for _, p := range m.Model.Params() {
				put(p.Data...)
			}
			put(m.TrainMSE, m.TestMSE)
			for _, e := range m.Epochs {
				put(e.Loss, e.Valid, e.Rate)
			}
		}
		for _, ro := range r.Rollouts {
			put(ro.T...)
			put(ro.E...)
			put(ro.H...)
			put(ro.EnergyMSE, ro.MaxDrift, ro.RMSDrift, ro.Slope, ro.CoordRMSE, ro.PhaseError)
		}
	})
}

// hashNumbers returns the SHA-256, in hexadecimal, of the numbers that all puts.
func hashNumbers(all func(put func(vs ...float64))) string {
	h := sha256.New()
	all(func(vs ...float64) { binary.Write(h, binary.LittleEndian, vs) })
	return hex.EncodeToString(h.Sum(nil))
}
