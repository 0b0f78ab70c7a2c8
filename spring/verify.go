package spring

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"hnn/nn"
)

// Small returns the experiment in little, with all three models: a second of work
// that goes through everything.
func Small() Config {
	c := Default()
	c.Duration, c.Train, c.Test, c.Epochs, c.Rollout = 10, 5, 2, 3, 5
	c.NextState = true
	return c
}

// SmallSHA256 is the SHA256 of the Result of Small, on every platform.
const SmallSHA256 = "8232fd34d7f65d2257062c9b4f6cf16a2408aa3a71ce13ef458a7e331680066a"

// SHA256 returns a hash, in hexadecimal, of what the experiment found, to the last
// bit: data, losses, weights, energies and scores.
func (r *Result) SHA256() string {
	h := sha256.New()
	put := func(vs ...float64) {
		for _, v := range vs {
			binary.Write(h, binary.LittleEndian, math.Float64bits(v))
		}
	}
	put(r.Train.T...)
	put(r.Train.X.Data...)
	put(r.Test.DX.Data...)
	put(r.NoiseFloor)
	for _, m := range r.Models {
		var b bytes.Buffer
		if err := nn.Save(&b, m.Model); err != nil {
			b.WriteString(err.Error())
		}
		h.Write(b.Bytes())
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
	return hex.EncodeToString(h.Sum(nil))
}
