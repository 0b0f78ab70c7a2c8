package spring

import "math"

// A Score compares a rollout with the exact motion from the same initial state. E(t) is the
// true energy of the model's state, and ΔE = E(t) − E₀. Means are over the times of the rows.
type Score struct {
	EnergyMSE  float64 // mean of ΔE², in J²
	MaxDrift   float64 // largest |ΔE|/E₀
	RMSDrift   float64 // √ mean of (ΔE/E₀)²
	Slope      float64 // of the least-squares line through ΔE/E₀ over t, in 1/s
	CoordRMSE  float64 // √ mean of (q − q_exact)² + (p − p_exact)²
	PhaseError float64 // the largest θ − θ_exact, in rad, θ the unwrapped phase angle: above 0 ahead, below 0 behind
}

// score computes the Score of a rollout.
func (s Spring) score(r *Rollout) Score {
	var sc Score
	n := float64(len(r.T))
	q0, p0 := s.State(r.E0, 0)
	var tMean, dMean, turns, last float64
	for i, t := range r.T {
		d := (r.E[i] - r.E0) / r.E0
		sc.MaxDrift = max(sc.MaxDrift, math.Abs(d))
		sc.RMSDrift += float64(d*d) / n
		tMean += t / n
		dMean += d / n

		q, p := s.Exact(q0, p0, t)
		dq, dp := r.X[i][0]-q, r.X[i][1]-p
		sc.CoordRMSE += (float64(dq*dq) + float64(dp*dp)) / n

		phase := s.phaseBetween(r.X[i][0], r.X[i][1], q, p)
		turns += math.Round((last - phase) / (2 * math.Pi))
		last = phase
		if ahead := phase + float64(2*math.Pi*turns); math.Abs(ahead) > math.Abs(sc.PhaseError) {
			sc.PhaseError = ahead
		}
	}
	var tt, td float64
	for i, t := range r.T {
		tt += float64((t - tMean) * (t - tMean))
		td += float64((t - tMean) * ((r.E[i]-r.E0)/r.E0 - dMean))
	}
	if tt > 0 {
		sc.Slope = td / tt
	}
	sc.EnergyMSE = sc.RMSDrift * (r.E0 * r.E0)
	sc.RMSDrift = math.Sqrt(sc.RMSDrift)
	sc.CoordRMSE = math.Sqrt(sc.CoordRMSE)
	return sc
}
