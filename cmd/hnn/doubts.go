package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
)

// doubts.go has what hnn check finds doubtful in the numbers of a series, and what hnn train repeats
// of it. Each is one line that says what to do.

// see notes what looks wrong.
func (l *look) see() {
	if l.series(); l.in == nil || slices.ContainsFunc(l.in.Noise, func(v float64) bool { return math.IsInf(v, 0) }) {
		return // squares that overflow say nothing
	}
	l.doubtTimes()
	for i, p := range l.in.Pairs {
		l.doubtAngle(i, p)
		if !l.hidden {
			l.doubtPair(i, p)
		}
		if l.s.DX != nil {
			l.doubtDerivative(i, p)
		}
	}
	driven := l.doubtColumns()
	l.doubtEnergy(driven)
	l.doubtRows()
}

// tellDoubts says before a training what hnn check finds doubtful in its data, but for what the
// training says itself, what its flags know, and what its objective or its kind of model does not mind.
func (t *trainJob) tellDoubts(e *env, tab *table.Table) {
	if e.dry || e.again || t.resume != "" || tab.Rows() < fewRows { // it was said, or is a guess
		return
	}
	kind, err := nn.KindOf(t.kind)
	if err != nil {
		return
	}
	_, energy := kind.Empty().(nn.Energy)
	fits := t.objective == "derivatives"
	needless := map[string]bool{
		"holes": true, "gaps": true, "wrapped": true, "constant": true,
		"coarse":      !fits || t.by.From == nn.Given,
		"noise":       !fits,
		"derivatives": !fits || t.by.From != nn.Given,
		"pairs":       !energy || t.velocities || strings.Contains(t.friction+t.gain, ":"), // which move coordinates
		"masses":      !energy || t.velocities || t.inputs != nil || t.flags.First("mass") != "",
		"energy":      !energy || t.velocities || t.inputs != nil || t.friction != "none",
	}
	l := &look{t: tab, given: t.cols}
	l.see()
	for _, d := range l.doubts {
		if !needless[d.about] {
			e.warn("%s: %s", tab.Name, d.text)
		}
	}
}

func (l *look) line(row int) int { return l.whole.Line(row) }

// doubtTimes looks at the unit of time, the intervals and the length of runs.
func (l *look) doubtTimes() {
	in, t := l.in, l.cols.t
	bare := l.cols.unit == "" && l.t.Unit(t) == "" && !l.t.Stamped(t)
	unit, factor := "", 0.
	for _, u := range []struct {
		name   string
		factor float64
	}{{"ms", 1e3}, {"us", 1e6}, {"ns", 1e9}, {"min", 1. / 60}, {"h", 1. / 3600}, {"d", 1. / 86400}} {
		if !l.hidden && !slices.ContainsFunc(in.Pairs, func(p nn.Pair) bool { return math.Abs(p.Mass/u.factor-1) > 0.04 || p.Corr < 0.9 }) {
			unit, factor = u.name, u.factor
		}
	}
	whole := !slices.ContainsFunc(l.s.T, func(t float64) bool { return t != math.Trunc(t) })
	switch {
	case bare && unit != "":
		l.doubt("times", "p is %.4g times dq/dt: %s looks like %s where p has seconds: -time-unit %s", factor, t, unit, unit)
	case bare && whole && in.Interval >= 2:
		l.doubt("times", "%s goes in whole numbers, by %.4g: if it is in milliseconds, say -time-unit ms", t, in.Interval)
	}
	if in.Gaps > 0 {
		l.doubt("gaps", "gaps, longer than 8 times the usual interval: %d: hnn train cuts trajectories there", in.Gaps)
	}
	short := 0
	for i := range l.s.Runs() {
		if lo, hi := l.s.Run(i); hi-lo < 5 {
			short++
		}
	}
	if short > 0 {
		l.doubt("times", "runs of fewer than 5 rows: %d of %d: too few for derivatives and for an estimate of noise", short, l.s.Runs())
	}
	if scale, err := (nn.Shooting{}).Scaling(l.s); err == nil {
		if n := 2 * math.Pi * scale.Tau / in.Interval; n < 12 {
			l.doubt("coarse", "a period has about %.2g rows: coarse for central differences: -objective step, or shooting", n)
		}
	}
}

// doubtAngle looks for degrees and for angles that are wrapped.
func (l *look) doubtAngle(i int, p nn.Pair) {
	q := l.cols.q[i]
	switch unit := l.t.Unit(q); {
	case p.Wrapped >= 0:
		if p.Turn == 360 {
			l.doubt("angles", "%s jumps by about 360 on line %d: it looks like an angle in degrees: multiply it by π/180, then -periodic %s", q, l.line(p.Wrapped), q)
		} else {
			l.doubt("wrapped", "%s jumps by about 2π on line %d: if it is an angle, -periodic %s", q, l.line(p.Wrapped), q)
		}
	case unit == "deg" || unit == "°" || unit == "degrees":
		l.doubt("angles", "%s is in degrees: multiply it by π/180, so that H has a sine of radians and p = dq/dt its units", q)
	case p.Degrees:
		l.doubt("angles", "%s looks like degrees: the force on it goes with sin(π %s/180): multiply it by π/180", q, q)
	}
}

// spoiled tells whether outliers or jumps of an angle spoil what else is said of a pair.
func (l *look) spoiled(i int) bool {
	return l.in.Pairs[i].Wrapped >= 0 || slices.ContainsFunc(l.in.Outliers, func(o nn.Outlier) bool { return o.Component%len(l.cols.q) == i })
}

// doubtPair looks at whether p goes with the rate of q.
func (l *look) doubtPair(i int, p nn.Pair) {
	q, v := l.cols.q[i], l.cols.p[i]
	switch {
	case l.in.High[i] == l.in.Low[i] || l.in.High[len(l.cols.q)+i] == l.in.Low[len(l.cols.q)+i]:
		l.doubt("constant", "%s or %s does not vary: if other pairs do, leave this one out by -q and -p", q, v)
	case l.spoiled(i):
	case p.Corr < 0.5 && p.Back > 0.9 && 1-p.Back+1e-4 < 0.5*(1+p.Corr):
		l.doubt("pairs", "%s and %s look exchanged: %s goes with the rate of %s: -q %s -p %s", q, v, q, v, strings.Join(l.cols.p, ","), strings.Join(l.cols.q, ","))
	case p.Corr < -0.9 && p.Back > 0.9 && 1+p.Corr+1e-4 > 0.5*(1-p.Back):
		l.doubt("pairs", "%s goes with minus the rate of %s, and %s with that of %s: they are exchanged (-q %s -p %s), or one of them has the wrong sign", v, q, q, v, strings.Join(l.cols.p, ","), strings.Join(l.cols.q, ","))
	case p.Corr < -0.9:
		l.doubt("pairs", "%s goes with minus the rate of %s: change the sign of one of them", v, q)
	case p.Corr > 0.99 && math.Abs(p.Mass*math.Pi/180-1) < 0.01:
		l.doubt("pairs", "%s is 180/π times the rate of %s: it looks like degrees by time where %s has radians: multiply it by π/180", v, q, q)
	case l.share(len(l.cols.q)+i) > 0.2: // p may be constant but for noise, which doubtRows tells
	case p.Corr < 0.9 && p.All < 0.9:
		l.doubt("pairs", "%s hardly goes with the rate of %s (correlation %.2g): is it the momentum of %s? With another column, or with much noise, no H fits", v, q, p.Corr, q)
	}
}

// doubtDerivative compares the derivatives of the file with its states.
func (l *look) doubtDerivative(i int, p nn.Pair) {
	q := l.cols.q[i]
	switch {
	case l.spoiled(i):
	case p.GivenCorr < 0.7:
		l.doubt("derivatives", "d%s does not go with the rate of %s (correlation %.2g): is it the derivative by time? Leave it out, and hnn train estimates it", q, q, p.GivenCorr)
	case math.Abs(p.Given-1) > 0.1:
		l.doubt("derivatives", "d%s is %.3g times the rate of %s: it has another unit of time, or of %s: mend it, or leave it out", q, p.Given, q, q)
	}
}

// doubtEnergy says what the balance of energy tells.
func (l *look) doubtEnergy(driven bool) {
	in := l.in
	if in.Masses != nil && l.hidden {
		var m []string
		for _, v := range in.Masses {
			m = append(m, fmt.Sprintf("%.2g", v))
		}
		l.doubt("masses", "%s look like coordinates of unequal masses: an energy is kept with masses in this proportion: -mass %s, or so in the p²/2m of -H", strings.Join(l.cols.q, ", "), strings.Join(m, ","))
	} else if in.Masses != nil {
		var m []string
		for i, v := range in.Masses {
			m = append(m, fmt.Sprintf("%s by %.2g", l.cols.p[i], v))
		}
		l.doubt("masses", "%s look like velocities of unequal masses, for which no H exists: an energy is kept with masses in this proportion: multiply %s, or see -velocities",
			strings.Join(l.cols.p, ", "), strings.Join(m, ", "))
	}
	if in.Unkept > 0 && driven {
		l.doubt("energy", "no energy p²/2 + V(q) is kept, %s of p²/2 is left: the input may drive the system", percent(in.Unkept))
	} else if in.Unkept > 0 {
		l.doubt("energy", "no energy p²/2 + V(q) is kept, %s of p²/2 is left: velocities are no momenta where the kinetic energy depends on q, as in a double pendulum: see -velocities; or something drives the system", percent(in.Unkept))
	}
	if in.Damping > 0 {
		l.doubt("energy", "energy is lost, like by a force of −%.2g times the momentum: friction, which no H of q and p has: -friction constant", in.Damping)
	}
	if in.Damping < 0 {
		l.doubt("energy", "energy grows, like by a force of %.2g times the momentum: something drives the system, which no H of q and p has: -kind baseline can fit it", -in.Damping)
	}
}

// doubtRows looks for outliers, rows that repeat, and noise.
func (l *look) doubtRows() {
	in, names := l.in, slices.Concat(l.cols.q, l.cols.p)
	for j, name := range names {
		of := slices.DeleteFunc(slices.Clone(in.Outliers), func(o nn.Outlier) bool { return o.Component != j })
		if n := len(of); n > 0 {
			l.doubt("rows", "%s: %d values are far from their neighbours, the first %.4g on line %d: look at them, and remove these rows if they are wrong", name, n, of[0].Value, l.line(of[0].Row))
		}
		if share := l.share(j); share > 0.1 && j < len(l.observed) && !l.spoiled(j%len(l.cols.q)) {
			l.doubt("noise", "%s: noise is about %s of the amplitude, or the sampling is too coarse to tell", name, percent(share))
		}
	}
	if n := len(in.Repeated); n > max(2, l.s.Rows()/100) {
		l.doubt("rows", "%d rows have the same state as the row before, the first on line %d: if the sensor is slower than the clock, keep each state once", n, l.line(in.Repeated[0]))
	}
}

// doubtColumns looks for inputs among the columns that are not read, and tells whether there is one.
func (l *look) doubtColumns() (driven bool) {
	names := slices.Concat(l.cols.q, l.cols.p, l.cols.u)
	for j, h := range l.t.Header {
		h = l.t.Bare(h)
		s := strings.TrimRight(strings.ToLower(h), "0123456789")
		read := slices.ContainsFunc(names, func(name string) bool { return l.t.At(name) == j })
		if slices.Contains([]string{"u", "input", "force", "torque", "control", "f"}, s) && !read {
			if v, _, _ := l.t.Lost(h); len(v) > 0 && slices.Max(v) > slices.Min(v) {
				l.doubt("inputs", "%s looks like an input, and is not read: if it is a force from outside, -inputs %s", h, h)
				driven = true
			}
		}
	}
	return driven
}
