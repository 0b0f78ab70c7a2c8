package nn

import (
	"math"
	"slices"

	"hnn/autodiff"
	"hnn/autodiff/elementary"
)

// inspect_energy.go looks for an energy that a series keeps, for Inspect.

// balanceRows is how many rows the balance of energy uses, evenly spread.
const balanceRows = 3000

// energy looks for masses and damping by linear least squares. Where p are rates v (times one
// number for each pair), the energy of a closed system is constant along each run r:
//
//	½v₁² + Σᵢ μᵢ ½vᵢ² + Σₖ cₖ φₖ(q) + γ ∫|v|²dt = Cᵣ
//
// The unknowns are the masses μ in units of the first, the potential by monomials φ of the
// coordinates, and by cos q, sin q, cos 2q and sin 2q where q goes through more than 2π, the
// damping γ and the constants C. What counts is how much is left without some of them.
func (in *Inspection) energy(s *Series, x, dx *autodiff.Matrix) {
	d := s.X.Cols / 2
	for i, p := range in.Pairs {
		if p.Wrapped >= 0 || p.Corr < 0.9 && s.Hidden == nil || !(in.High[i] > in.Low[i]) {
			return
		}
	}
	v := autodiff.NewMatrix(s.Rows(), d) // rates: those of p if they were observed
	for r := range s.Rows() {
		for i := range d {
			if v.Row(r)[i] = dx.At(r, i); s.Hidden == nil {
				v.Row(r)[i] = s.X.At(r, d+i) / in.Pairs[i].Mass
			}
		}
	}
	powers := monomials(d)
	var turning []int // coordinates that may be angles of something that turns over
	for c := range d {
		if in.High[c]-in.Low[c] > 2*math.Pi {
			turning = append(turning, c)
		}
	}
	n := d - 1 + len(powers) + 4*len(turning) + 1 // masses, potential, damping
	every := max(1, s.Rows()/balanceRows)
	a := autodiff.NewMatrix(0, n)
	var b []float64
	longest := 0. // of ∫|v|²dt
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		first, work := a.Rows, 0.
		for r := lo; r < hi; r++ {
			sum := 0.
			for _, u := range v.Row(r) {
				sum += float64(u * u)
			}
			if r > lo {
				work += float64(sum * (s.T[r] - s.T[r-1]))
			}
			if (r-lo)%every != 0 {
				continue
			}
			row := add(a)
			for k := 1; k < d; k++ {
				row[k-1] = 0.5 * float64(v.At(r, k)*v.At(r, k))
			}
			for k, e := range powers {
				row[d-1+k] = 1
				for c, power := range e {
					u := (x.At(r, c) - in.Low[c]) / (in.High[c] - in.Low[c])
					for range power {
						row[d-1+k] *= float64(2*u) - 1
					}
				}
			}
			waves := row[d-1+len(powers):]
			for k, c := range turning {
				sin, cos := elementary.Sin(x.At(r, c)), elementary.Cos(x.At(r, c))
				waves[4*k], waves[4*k+1] = cos, sin
				waves[4*k+2], waves[4*k+3] = float64(cos*cos)-float64(sin*sin), 2*float64(sin*cos)
			}
			row[n-1] = work
			b = append(b, -0.5*float64(v.At(r, 0)*v.At(r, 0)))
		}
		longest = max(longest, work)
		centre(a, b, first)
	}
	if a.Rows < 4*n {
		return
	}
	all := make([]int, n)
	for j := range all {
		all[j] = j
	}
	equal := slices.Clone(b) // with all masses one: ½|v|² is known
	for r := range equal {
		for k := range d - 1 {
			equal[r] -= a.At(r, k)
		}
	}
	scale := math.Sqrt(squares(equal) / float64(a.Rows)) // spread of ½|v|² within runs
	z, free := solveLeast(a, b, all)
	_, kept := solveLeast(a, equal, all[d-1:n-1])
	damped, left := solveLeast(a, equal, all[d-1:])
	if d > 1 && same(in.Pairs) {
		masses := opposite(s, v)
		_, alone := solveLeast(a, b, all[d-1:n-1]) // the first body: if its energy is kept, the other masses may be any
		if masses == nil && free < 0.3*alone && free < 0.3*left && free < 0.1*scale {
			masses = append([]float64{1}, z[:d-1]...)
		}
		if masses != nil && slices.Min(masses) > 0 && slices.Max(masses) > 1.1*slices.Min(masses) {
			in.Masses = masses
			return
		}
	}
	if d <= 2 && same(in.Pairs) && left > 0.5*scale {
		in.Unkept = left / scale
		return
	}
	work := column(a, n-1)
	_, apart := solveLeast(a, work, all[d-1:n-1])                                // the part of the work that no function of q is
	told := apart > 0.1*math.Sqrt(squares(work)/float64(len(work)))              // runs that never return to a q do not tell it
	gamma, sigma := damped[len(damped)-1], left/apart/math.Sqrt(float64(a.Rows)) // standard error
	lost := left < 0.6*kept && left < 0.3*scale && kept > 1e-3*scale && math.Abs(gamma*longest) > 0.1*scale
	if told && lost && math.Abs(gamma) > 5*sigma {
		in.Damping = gamma
	}
}

// opposite returns the masses of bodies whose velocities have a fixed ratio below 0, as those of
// two bodies that only act on each other have:
//
//	mᵢ vᵢ + mⱼ vⱼ = const in each run
//
// It is nil if there are none. A velocity without such a partner has the mass 1.
func opposite(s *Series, v *autodiff.Matrix) []float64 {
	var masses []float64
	c := cloned(v)
	for i := range s.Runs() {
		lo, hi := s.Run(i)
		centre(window(c, lo, hi), make([]float64, hi-lo), 0)
	}
	for j := range v.Cols {
		for i := range j {
			k, corr := slope(column(c, j), column(c, i))
			if corr > -0.99 {
				continue
			}
			if masses == nil {
				masses = make([]float64, v.Cols)
				for l := range masses {
					masses[l] = 1
				}
			}
			masses[j] = -k / corr / corr * masses[i]
		}
	}
	return masses
}

// same tells whether all pairs have p in the same proportion to the rates.
func same(pairs []Pair) bool {
	for _, p := range pairs {
		if math.Abs(p.Mass/pairs[0].Mass-1) > 0.05 {
			return false
		}
	}
	return true
}

// monomials returns the exponents of all monomials of d variables up to a degree, without 1.
func monomials(d int) [][]int {
	degree := []int{8, 6, 4, 3, 3}[min(d-1, 4)]
	if d > 6 {
		degree = 2
	}
	var all [][]int
	var next func(e []int, left int)
	next = func(e []int, left int) {
		if len(e) == d {
			if left < degree {
				all = append(all, slices.Clone(e))
			}
			return
		}
		for k := 0; k <= left; k++ {
			next(append(e, k), left-k)
		}
	}
	next(nil, degree)
	return all
}

// centre subtracts from the rows from first on their mean, and returns the sum of squares of
// what is left of b.
func centre(a *autodiff.Matrix, b []float64, first int) float64 {
	n := float64(a.Rows - first)
	for j := range a.Cols + 1 {
		mean := 0.
		for r := first; r < a.Rows; r++ {
			if j < a.Cols {
				mean += a.At(r, j) / n
			} else {
				mean += b[r] / n
			}
		}
		for r := first; r < a.Rows; r++ {
			if j < a.Cols {
				a.Row(r)[j] -= mean
			} else {
				b[r] -= mean
			}
		}
	}
	return squares(b[first:])
}

// squares returns Σ vᵢ².
func squares(v []float64) (sum float64) {
	for _, x := range v {
		sum += float64(x * x)
	}
	return sum
}

// solveLeast minimises |A z − b| over the given columns of A. It returns z, 0 for columns that
// depend on others, and the root mean square that is left.
func solveLeast(a *autodiff.Matrix, b []float64, cols []int) (z []float64, left float64) {
	n := len(cols)
	m, c, order := someColumns(a, cols), slices.Clone(b), make([]int, n)
	triangulate(m, c, order)
	rank := rankOf(m, 1e-9)
	w := make([]float64, n)
	backSolve(m, w, c, rank)
	z = make([]float64, n)
	for k := range rank {
		z[order[k]] = w[k]
	}
	return z, math.Sqrt(squares(c[rank:]) / float64(a.Rows))
}
