package spring

import (
	"context"
	"math"
	"math/rand/v2"

	"hnn/autodiff/elementary"
	"hnn/autodiff/random"
	"hnn/integrate"
	"hnn/nn"
	"hnn/spring/system"
)

// A Sampling says how trajectories are drawn. Each starts at an energy E from U[Low, High]
// and a phase φ from U(0, π). RK45 computes it from t = 0 to Duration, with first and
// largest step Step. Each step is a row. Gaussian noise of standard deviation Noise is then
// added to each q and p.
type Sampling struct {
	Low, High float64 // E, in J
	Duration  float64 // s
	Step      float64 // s
	Noise     float64 // σ, in the units of q and p
}

// options returns the options of every integration: first and largest step Step, and at
// most 1000 evaluations for each such step. If the spring is too stiff for that, the
// integration is an error.
func (c Sampling) options(duration float64) integrate.Options {
	return integrate.Options{
		FirstStep: min(c.Step, duration), MaxStep: c.Step,
		MaxEval: int(min(1000*(duration/c.Step+1), 1<<30)),
	}
}

// A Set holds trajectories one after another. Each row is a state [q, p].
type Set struct{ system.Set }

// Sample draws n trajectories. src gives both their initial states and their noise. The
// trajectories are those of the named system spring, but Sample uses closed forms of its field
// and states. This keeps the bits of the experiment for every M and K.
func (s Spring) Sample(ctx context.Context, c Sampling, n int, src rand.Source) (*Set, error) {
	set, err := system.Sample(ctx, system.Sampling{
		N: n, Noise: c.Noise, Field: s.Field, Src: src, NoiseSrc: src,
		Start: func(src rand.Source) ([]float64, error) {
			e := c.Low + float64((c.High-c.Low)*random.Uniform(src))
			q, p := s.State(e, math.Pi*random.Uniform(src))
			return []float64{q, p}, nil
		},
		Solve: func(y0 []float64) (*integrate.Solution, error) {
			return integrate.Solve(s.Field, 0, c.Duration, y0, c.options(c.Duration))
		},
	})
	if err != nil {
		return nil, err
	}
	return &Set{*set}, nil
}

// Series returns the measured states, with the derivatives at the true states.
func (s *Set) Series() *nn.Series { return &nn.Series{T: s.T, X: s.X, DX: s.DX, Starts: s.Starts} }

// NoiseFloor returns the mean squared error of the best possible prediction from a measured
// state, over both components of [q̇, ṗ]. The best prediction is the conditional mean, for
// the known spring, sampling and σ. No model has a lower expected error.
//
//	floor = (E Var(p | x̃)/m² + k² E Var(q | x̃)) / 2
//
// With f the density of the states, uniform in energy and in phase (the trajectories
// turn many times), and G that of the noise,
//
//	E Var(q | x̃) = E q² − ∫ ((q f)∗G)² / (f∗G)
//
// The same holds for p. Both are computed on a grid of step h = σ/4. States are moved to the
// points of the grid. This is like noise of variance h²/12, so G has the rest of the variance.
// If the grid would be too large, thinRing computes the floor: then σ is so small beside the
// ring of states that the curvature of the ring hardly matters.
func (s Spring) NoiseFloor(c Sampling) float64 {
	const (
		perSigma = 4
		reach    = 6 * perSigma // the noise is cut at 6σ
		cells    = 1 << 22      // at most
		states   = 1 << 25
	)
	sigma, h := c.Noise, c.Noise/perSigma
	k2, m2 := float64(s.K*s.K), 1/(s.M*s.M)
	qmax, pmax := math.Sqrt(2*c.High/s.K), math.Sqrt(2*c.High*s.M)
	if sigma == 0 {
		return 0
	}
	// Enough states to be less than σ apart along the ring, and about σ across.
	long := max(qmax, pmax) / sigma
	phases := max(1000, math.Ceil(7*long))
	energies := max(200, math.Ceil((1-math.Sqrt(c.Low/c.High))*long))
	if !(energies*phases <= states && (2*qmax/h+2*reach+3)*(2*pmax/h+2*reach+3) <= cells) {
		return s.thinRing(c)
	}
	gauss := make([]float64, 2*reach+1)
	for i := range gauss {
		z := float64(i - reach)
		gauss[i] = elementary.Exp(-z * z / (2 * (perSigma*perSigma - 1./12)))
	}
	norm := 0.
	for _, g := range gauss {
		norm += g
	}

	// f, q f and p f: a lattice of states is added up in the cells of the grid.
	nq, np := int(qmax/h)+1+reach, int(pmax/h)+1+reach
	rows, cols := 2*nq+1, 2*np+1
	f, qf, pf := make([]float64, rows*cols), make([]float64, rows*cols), make([]float64, rows*cols)
	var qq, pp float64 // E q², E p²
	w := 1 / (energies * phases)
	for i := range int(energies) {
		e := c.Low + float64((c.High-c.Low)*((float64(i)+0.5)/energies))
		for j := range int(phases) {
			q, p := s.State(e, 2*math.Pi*float64(j)/phases)
			at := (int(math.Round(q/h))+nq)*cols + int(math.Round(p/h)) + np
			f[at] += w
			qf[at] += float64(w * q)
			pf[at] += float64(w * p)
			qq += float64(w * float64(q*q))
			pp += float64(w * float64(p*p))
		}
	}
	f, qf, pf = convolve(f, gauss, rows, cols), convolve(qf, gauss, rows, cols), convolve(pf, gauss, rows, cols)
	for i, v := range f {
		if v > 0 {
			qq -= float64(qf[i]*qf[i]) / v / (norm * norm)
			pp -= float64(pf[i]*pf[i]) / v / (norm * norm)
		}
	}
	return (float64(pp*m2) + float64(qq*k2)) / 2
}

// thinRing returns the noise floor for σ far below the radii of the ring. A measured state
// then tells its true place along the ring up to a variance of σ². Across the ring, which is
// W = (High − Low)/|∇H| wide, the variance is v(W), that of a uniform density on [0, W] seen
// through the noise. With unit normal n = ∇H/|∇H| and tangent τ,
//
//	Var(x | x̃) = σ² τ τᵀ + v n nᵀ
//
// The floor is the average over the phase at the middle energy.
func (s Spring) thinRing(c Sampling) float64 {
	const phases = 64
	s2 := c.Noise * c.Noise
	floor := 0.
	for i := range phases {
		q, p := s.State((c.Low+c.High)/2, 2*math.Pi*float64(i)/phases)
		nq, np := s.K*q, p/s.M
		grad := math.Sqrt(float64(nq*nq) + float64(np*np))
		nq, np = nq/grad, np/grad
		v := acrossVariance((c.High-c.Low)/grad, c.Noise)
		varQ := float64(s2*float64(np*np)) + float64(v*float64(nq*nq))
		varP := float64(s2*float64(nq*nq)) + float64(v*float64(np*np))
		floor += float64((varP/(s.M*s.M) + float64(s.K*s.K*varQ)) / (2 * phases))
	}
	return floor
}

// acrossVariance returns E Var(x | x̃) for x uniform on [0, w] and noise σ. For w > 100σ it
// neglects the edges and returns σ², which is right to a percent.
func acrossVariance(w, sigma float64) float64 {
	if w > 100*sigma {
		return sigma * sigma
	}
	const points, perSigma = 1000, 8
	h := sigma / perSigma
	cells := int(w/h) + 2 + 12*perSigma
	f, xf := make([]float64, cells), make([]float64, cells) // from −6σ on
	norm := 0.
	for j := -6 * perSigma; j <= 6*perSigma; j++ {
		z := float64(j) / perSigma
		norm += elementary.Exp(-z * z / 2)
	}
	xx := 0.
	for i := range points {
		x := w * ((float64(i) + 0.5) / points)
		at := int(math.Round(x/h)) + 6*perSigma
		f[at] += 1. / points
		xf[at] += x / points
		xx += float64(x*x) / points
	}
	for i := range f {
		var g, xg float64
		for j := max(0, i-6*perSigma); j <= min(cells-1, i+6*perSigma); j++ {
			z := float64(i-j) / perSigma
			e := elementary.Exp(-z * z / 2)
			g += float64(f[j] * e)
			xg += float64(xf[j] * e)
		}
		if g > 0 {
			xx -= float64(xg*xg) / g / norm
		}
	}
	return xx
}

// convolve returns f∗(g gᵀ) for f: rows×cols, zero outside.
func convolve(f, g []float64, rows, cols int) []float64 {
	half := len(g) / 2
	pass := func(dst, src []float64, n, stride, lines, jump int) {
		for l := range lines {
			for i := range n {
				sum := 0.
				for k := max(0, i-half); k <= min(n-1, i+half); k++ {
					sum += float64(src[l*jump+k*stride] * g[i-k+half])
				}
				dst[l*jump+i*stride] = sum
			}
		}
	}
	tmp, out := make([]float64, len(f)), make([]float64, len(f))
	pass(tmp, f, cols, 1, rows, cols)
	pass(out, tmp, rows, cols, cols, 1)
	return out
}
