package integrate

// degree returns the number of polynomial coefficients that interpolate keeps for each component.
func (m *Method) degree() int {
	if m.p == nil {
		return 0
	}
	return len(m.p[0])
}

// interpolate computes the dense output of the last step,
//
//	y(told + θh) = yold + θ(q_1 + θ(q_2 + …))    q_j = h Σ_i p_ij k_i
//
// without evaluations of the field.
func (r *run) interpolate() {
	n := len(r.y)
	h := r.t - r.told
	clear(r.q)
	for j := range r.m.degree() {
		q := r.q[j*n : (j+1)*n]
		for i, k := range r.k {
			if p := r.m.p[i][j]; p != 0 {
				for c, k := range k {
					q[c] += float64(p * k)
				}
			}
		}
		for c := range q {
			q[c] *= h
		}
	}
}

// between returns the state at t within the last step, in scratch space.
func (r *run) between(t float64) []float64 {
	if t == r.t {
		return r.y
	}
	n := len(r.y)
	x := (t - r.told) / (r.t - r.told)
	for c, y := range r.yold {
		v := 0.
		for j := len(r.q) - n + c; j >= 0; j -= n {
			v = float64(x * (v + r.q[j]))
		}
		r.w[c] = y + v
	}
	return r.w
}
