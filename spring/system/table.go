package system

import "math"

// table has the named systems, in the order in which they are listed. Values of parameters
// hold unless others are given. Systems with friction or an input come last.
var table = []System{
	{
		Name: "spring", About: "energy from U(0.2, 1), phase from U(0, π)",
		Text: "p^2/(2*m) + k*q^2/2", Q: []string{"q"}, P: []string{"p"}, Set: map[string]float64{"m": 1, "k": 1},
		draws:  []draw{{"E", 0.2, 1}, {"phi", 0, math.Pi}},
		start:  []string{"sqrt(2*E/k)*cos(phi)", "sqrt(2*E*m)*sin(phi)"},
		period: "2*pi*sqrt(m/k)", Duration: 100,
	},
	{
		Name: "pendulum", About: "at rest at an angle from U(0.3, 2.6)",
		Text: "p^2/(2*m*l^2) + m*g*l*(1 - cos(q))", Q: []string{"q"}, P: []string{"p"},
		Set:   map[string]float64{"m": 1, "l": 1, "g": 1},
		draws: []draw{{"a", 0.3, 2.6}}, start: []string{"a", "0"},
		period: "2*pi*sqrt(l/g)", Duration: 20,
	},
	{
		Name: "double-pendulum", About: "angles from the vertical θ1, θ2 and their momenta, from U(−1, 1)",
		Text: "(m2*l2^2*p1^2 + (m1+m2)*l1^2*p2^2 - 2*m2*l1*l2*p1*p2*cos(θ1-θ2))\n" +
			"/(2*m2*l1^2*l2^2*(m1 + m2*sin(θ1-θ2)^2))\n" +
			"+ (m1+m2)*g*l1*(1-cos(θ1)) + m2*g*l2*(1-cos(θ2))",
		Q: []string{"θ1", "θ2"}, P: []string{"p1", "p2"},
		Set: map[string]float64{"m1": 1, "m2": 1, "l1": 1, "l2": 1, "g": 1},
		box: []float64{-1, 1},
		// ω⁴ m₁l₁l₂ − ω² (m₁+m₂) g (l₁+l₂) + (m₁+m₂) g² = 0, the slow mode
		period: "2*pi/sqrt(g*((m1+m2)*(l1+l2) - sqrt((m1+m2)^2*(l1+l2)^2 - 4*(m1+m2)*m1*l1*l2))/(2*m1*l1*l2))", Duration: 20,
	},
	{
		Name: "henon-heiles", About: "bounded: x, y, px, py from U(−0.5, 0.5), energy from 0.04 to 0.125 < 1/6",
		Text: "(px^2 + py^2)/2 + (x^2 + y^2)/2 + x^2*y - y^3/3", Q: []string{"x", "y"}, P: []string{"px", "py"},
		box: []float64{-0.5, 0.5}, low: 0.04, high: 0.125, period: "2*pi", Duration: 20,
	},
	{
		Name: "kepler", About: "at the pericentre of an ellipse: semi-major axis from U(0.8, 1.2), eccentricity U(0, 0.5)",
		Text: "(px^2 + py^2)/2 - mu/sqrt(x^2 + y^2)", Q: []string{"x", "y"}, P: []string{"px", "py"}, Set: map[string]float64{"mu": 1},
		draws: []draw{{"a", 0.8, 1.2}, {"e", 0, 0.5}, {"phi", 0, 2 * math.Pi}},
		start: []string{
			"a*(1-e)*cos(phi)", "a*(1-e)*sin(phi)",
			"-sqrt(mu/a*(1+e)/(1-e))*sin(phi)", "sqrt(mu/a*(1+e)/(1-e))*cos(phi)",
		},
		period: "2*pi/sqrt(mu)", Duration: 20, // a = 1
	},
	{
		Name: "two-body", About: "in the plane, their centre at rest: ellipses drawn as for kepler",
		Text: "(px1^2 + py1^2)/(2*m1) + (px2^2 + py2^2)/(2*m2)\n" +
			"- G*m1*m2/sqrt((x1-x2)^2 + (y1-y2)^2)",
		Q:   []string{"x1", "y1", "x2", "y2"},
		P:   []string{"px1", "py1", "px2", "py2"},
		Set: map[string]float64{"m1": 1, "m2": 1, "G": 1}, draws: []draw{{"a", 0.8, 1.2}, {"e", 0, 0.5}, {"phi", 0, 2 * math.Pi}},
		start: []string{
			"m2/(m1+m2)*a*(1-e)*cos(phi)", "m2/(m1+m2)*a*(1-e)*sin(phi)",
			"-m1/(m1+m2)*a*(1-e)*cos(phi)", "-m1/(m1+m2)*a*(1-e)*sin(phi)",
			"-m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*sin(phi)", "m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*cos(phi)",
			"m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*sin(phi)", "-m1*m2*sqrt(G/(m1+m2)/a*(1+e)/(1-e))*cos(phi)",
		},
		period: "2*pi/sqrt(G*(m1+m2))", Duration: 20, // a = 1
	},
	{
		Name: "duffing", About: "two wells: q from U(−1.6, 1.6), p from U(−0.7, 0.7)",
		Text: "p^2/2 + alpha*q^2/2 + beta*q^4/4", Q: []string{"q"}, P: []string{"p"}, Set: map[string]float64{"alpha": -1, "beta": 1},
		box: []float64{-1.6, 1.6, -0.7, 0.7}, period: "2*pi/sqrt(-2*alpha)", Duration: 20, // in a well
	},
	{
		Name: "paper-spring", About: "Greydanus et al. (2019), task 1: radius from U(0.1, 1)",
		Text: "q^2 + p^2", Q: []string{"q"}, P: []string{"p"},
		draws: []draw{{"r", 0.1, 1}, {"phi", 0, 2 * math.Pi}}, start: []string{"r*cos(phi)", "r*sin(phi)"},
		period: "pi", Duration: 3,
	},
	{
		Name: "paper-pendulum", About: "Greydanus et al. (2019), task 2: radius from U(1.3, 2.3)",
		Text: "3*(1 - cos(q)) + p^2", Q: []string{"q"}, P: []string{"p"},
		draws: []draw{{"r", 1.3, 2.3}, {"phi", 0, 2 * math.Pi}}, start: []string{"r*cos(phi)", "r*sin(phi)"},
		period: "2*pi/sqrt(6)", Duration: 3,
	},
	{
		Name: "damped-pendulum", About: "at rest at an angle from U(0.3, 2.6)",
		Text: "p^2/(2*m*l^2) + m*g*l*(1 - cos(q))", Q: []string{"q"}, P: []string{"p"},
		Set:   map[string]float64{"m": 1, "l": 1, "g": 1, "c": 0.1},
		open:  open{friction: []string{"0", "c"}},
		draws: []draw{{"a", 0.3, 2.6}}, start: []string{"a", "0"},
		period: "2*pi*sqrt(l/g)", Duration: 20,
	},
	{
		Name: "driven-duffing", About: "q and p from U(−1, 1)",
		Text: "p^2/2 + alpha*q^2/2 + beta*q^4/4", Q: []string{"q"}, P: []string{"p"},
		Set:  map[string]float64{"alpha": 1, "beta": 1, "c": 0.1, "a": 0.5, "w": 1.3},
		open: open{friction: []string{"0", "c"}, gain: []string{"0", "1"}, input: "a*sin(w*t)"},
		box:  []float64{-1, 1}, period: "2*pi/sqrt(alpha)", Duration: 20,
	},
	{
		Name: "damped-springs", About: "two masses between three springs: x1, x2, p1, p2 from U(−1, 1)",
		Text: "(p1^2 + p2^2)/(2*m) + k*(x1^2 + x2^2)/2 + kc*(x1 - x2)^2/2", Q: []string{"x1", "x2"}, P: []string{"p1", "p2"},
		Set:  map[string]float64{"m": 1, "k": 1, "kc": 0.5, "c": 0.1},
		open: open{friction: []string{"0", "0", "c", "c"}},
		box:  []float64{-1, 1}, period: "2*pi*sqrt(m/k)", Duration: 20,
	},
	{
		// q is the charge of the capacitor C, p the flux of the coil L in a row with the resistance r and a
		// source of the voltage u. g is the conductance of the leak across C.
		//
		// Source: van der Schaft and Jeltsema, Port-Hamiltonian Systems Theory (2014), §2.
		Name: "circuit", About: "a coil and a leaky capacitor at a source: charge q and flux p from U(−1, 1)",
		Text: "q^2/(2*C) + p^2/(2*L)", Q: []string{"q"}, P: []string{"p"},
		Set:  map[string]float64{"C": 1, "L": 1, "g": 0.1, "r": 0.2, "a": 0.5, "w": 0.7},
		open: open{friction: []string{"g", "r"}, gain: []string{"0", "1"}, input: "a*sin(w*t)"},
		box:  []float64{-1, 1}, period: "2*pi*sqrt(L*C)", Duration: 20,
	},
	{
		// A basin, tank 1 and tank 2 in a row, joined by two pipes of the inertia I = ρl/a. A tank of the
		// area A holds the volume V = C P at the pressure P, C = A/(ρg). Volumes, flows and pressures are
		// their differences from those at rest.
		//
		//	q1, q2   volume that has come into tank 1, and from there into tank 2: V1 = q1 − q2, V2 = q2
		//	p1, p2   flow momenta I q̇ of the pipes before tank 1 and before tank 2: pressure times time
		//	R        tank 1 leaks g P1, pipes take the pressure r q̇ (Hagen and Poiseuille)
		//	G        a pump fills tank 1 with the flow u
		//
		// Source: Karnopp, Margolis, Rosenberg, System Dynamics (2012), ch. 4, hydraulic circuits.
		Name: "tanks", About: "a pipe to tank 1, which leaks, a pipe to tank 2, a pump: volumes q1, q2, momenta p1, p2 from U(−1, 1)",
		Text: "(q1-q2)^2/(2*C1) + q2^2/(2*C2) + p1^2/(2*I1) + p2^2/(2*I2)", Q: []string{"q1", "q2"}, P: []string{"p1", "p2"},
		Set:  map[string]float64{"C1": 1, "C2": 0.5, "I1": 1, "I2": 0.5, "g": 0.1, "r": 0.2, "a": 0.5, "w": 0.7},
		open: open{friction: []string{"g", "0", "r", "r"}, gain: []string{"1", "0", "0", "0"}, input: "a*sin(w*t)"},
		box:  []float64{-1, 1}, period: "2*pi*sqrt(I1*C1)", Duration: 20,
	},
}
