package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring/pixels"
)

const pixelsHelp = `

Finds a Hamiltonian in pictures, as in "Hamiltonian Neural Networks" (Greydanus, Dzamba and
Yosinski, 2019), task 5. A film of a pendulum is drawn. An encoder makes a latent state (q, p)
of two successive frames, a decoder makes two frames of a state, and a latent field moves it:
that of an HNN, and that of a baseline. Each is trained with an autoencoder of its own, then
followed from two frames and decoded into a new film, which is compared with the true one.

Files in -out:

  latent.csv     model (true, hnn, baseline), run, frame, t (s), latent q and p, the state
                 and energy that the film shows, H of the model, angle of the rod in the
                 picture (rad)
  loss.csv       model, epoch, step, training loss, loss on the test film, learning rate
  summary.csv    a row for each model and run, with the scores below; run is empty for -long
  film.gif       true, hnn and baseline side by side, the first three runs
  sheet.png      the frames of the first run: true, hnn, baseline
  new.gif        with -new
  hnn.json, baseline.json   the autoencoders with their latent fields, one for each of -models
  report.html    a page about all of this
  manifest.json  every flag, the version, and the SHA-256 of each file

hnn rollout and field take such a model for its latent field: states are latent ones, and time is
in units of "tau" frames, a number in the file. hnn export writes the encoder and decoder too.

Scores:
  picture        mean squared error of the reconstructed test film, as a share of the variance
  map_q, map_p   error of the affine map from latent to true states, as a share of the standard
                 deviation; the energies below are read through this map
  energy_mse     mean (E − E₀)², E the energy of the pictures, encoded again. For the pendulum
                 E = 1.875 (1 − cos θ) + (θ̇/4)², as in the paper
  max_drift      largest |E − E₀|/E₀;   slope: of the line through (E − E₀)/E₀, per frame
  amplitude      largest angle in the last quarter as a share of that in the first
  period         of the rod in the pictures, and of the true one, in frames
  pixels_N       squared error of the picture after N frames, as a share of the variance;
  repeat_N       the same for a predictor that repeats the first frame

-coupling says how two successive latent states and the field are compared. The paper takes a
step of Euler's method. A baseline that fits such steps perfectly and is then followed exactly
loses 1.9 % of its amplitude in each frame, at 32 frames a period: that is an error of the
method, which a Hamiltonian field cannot show. With midpoint or rk4 the baseline is as good as
its data; what an HNN is worth then shows in long films (-long).

-frames takes your own film in place of the pendulum: a GIF, a directory of PNG files (one run,
in the order of the numbers in their names), or a directory of GIF files (a run each). Pictures
are made grey, and their middle square is brought to -pixels. The last fifth is held out, and the
rollouts start there. Energies and maps are not known then.

Examples:
  hnn pixels                                        all files to ./pixels
  hnn pixels -coupling euler -out euler             as in the paper
  hnn pixels -long 2000 -new 4                      long films, and films of new states
  hnn pixels -swing 2.5 -tau 5 -epochs 60 -out large    large swings, ten minutes
  hnn pixels -record -system double-pendulum -runs 20 -length 200 -out double
  hnn pixels -frames double -pairs 2 -out learned   a film that was recorded
`

const pixelsScores = `for each model: NAME_picture, NAME_energy_mse (the mean over the
rollouts), NAME_max_drift (the largest) and NAME_pixels_200; with -long NAME_long_drift, NAME_long_slope
and NAME_period_error, the largest of all`

// poorPicture bounds a good reconstruction, as a share of the variance.
const poorPicture = 0.2

// A pixelsJob holds the flags of pixels.
type pixelsJob struct {
	training
	c       pixels.Config
	scene   string
	kinds   []string // that have a field
	weights []float64
	frames  string
	record  bool
	new     int
	out     string
	resume  bool
	flags   *flags.Set
}

func definePixels(f *flags.Set) check {
	c := pixels.Default()
	p := &pixelsJob{c: c, scene: c.Scene.Name, weights: c.Weights[:], out: "pixels", flags: f}
	p.training = training{hidden: c.Hidden, act: c.Act, init: c.Init, schedule: "cosine", lr: pixels.DefaultRate, adam: *nn.NewAdam()}
	p.adam.WeightDecay = pixels.DefaultDecay
	for _, k := range nn.Kinds() {
		if _, ok := k.Empty().(nn.Field); ok {
			p.kinds = append(p.kinds, k.Name)
		}
	}
	scenes := fromRows(pixels.Scenes(), func(s pixels.Scene) string { return s.Name })
	f.File(&p.out, "out", flags.OutDir, "`directory` of the files; made if need be")
	f.File(&p.frames, "frames", flags.Input, "`film` of your own: a GIF, or a directory of PNG or of GIF files")
	flags.Choice(f, &p.scene, "system", scenes, "`name` of what is filmed: pendulum or double-pendulum")
	f.BoolVar(&p.record, "record", false, "write the training film, a GIF a run, and train nothing")
	f.Count(&p.c.Size, "pixels", 8, 64, "even `number` of pixels on each side")
	f.Int(&p.c.Runs, "runs", 1, "`runs` of the training film")
	f.Int(&p.c.Frames, "length", 3, "`frames` of each run")
	f.Int(&p.c.Tests, "tests", 1, "`runs` of the test film")
	f.Float(&p.c.Dt, "dt", flags.Positive, "`interval` from frame to frame, in s")
	f.Float(&p.c.Swing, "swing", flags.Positive, "largest `angle` at which a rod is let go, in rad")
	f.Words(&p.c.Kinds, "models", "`kinds` of latent field, a model for each: "+strings.Join(p.kinds, ", "))
	flags.Choice(f, &p.c.Coupling, "coupling", []pixels.Coupling{pixels.RK4, pixels.Midpoint, pixels.Euler}, "`step` that couples successive states: rk4, midpoint or euler")
	f.Floats(&p.weights, "weights", flags.NotNegative, "`weights` of the three losses: of the pictures, of p as the rate of q, of the field")
	f.Int(&p.c.Pairs, "pairs", 1, "`pairs` of q and p in a latent state")
	f.Ints(&p.c.Dynamics, "dynamics", 1, "`sizes` of the hidden layers of the latent field")
	f.Float(&p.c.Tau, "tau", flags.NotNegative, "`frames` in the unit of time of p, 0: from the film")
	f.BoolVar(&p.c.Variational, "variational", false, "the encoder gives a distribution, of which the decoder gets samples")
	f.Float(&p.c.KL, "kl", flags.NotNegative, "`weight` of the divergence from N(0, 1) with -variational")
	f.Int(&p.c.Epochs, "epochs", 1, "`passes` over the film")
	f.Int(&p.c.Batch, "batch", 1, "`rows` of a step, each a frame and the two that follow")
	f.Int(&p.c.Starts, "starts", 1, "`rollouts` that are scored")
	f.Int(&p.c.Length, "ahead", 3, "`frames` that each predicts")
	f.Int(&p.c.Long, "long", 0, "`frames` of further rollouts from -swings, 0: none")
	f.Floats(&p.c.Swings, "swings", flags.Positive, "`angles` at which the long rollouts start, in rad")
	f.Int(&p.new, "new", 0, "`films` of new states, drawn from the distribution of the latent states of the first model")
	f.BoolVar(&p.resume, "continue", false, "go on from the checkpoints of an interrupted run in -out")
	f.As(flags.Neutral, "continue")
	p.register(f)
	return func() (run, error) { return p.run, p.check() }
}

// check finds what is wrong with the flags.
func (p *pixelsJob) check() error {
	f := p.flags
	if p.frames != "" {
		if name := f.First("system", "record", "runs", "length", "tests", "swing", "starts", "long", "swings"); name != "" {
			return flags.Wrong("-%s is for films that are made, -frames has a film", name)
		}
	}
	if p.frames != "" && table.SameFile(p.frames, p.out) {
		return flags.Wrong("-out %s is the film of -frames: want another directory", p.out)
	}
	if name := f.First("kl"); name != "" && !p.c.Variational {
		return flags.Wrong("-kl is for -variational")
	}
	if len(p.weights) != 3 {
		return flags.Wrong("-weights has %d numbers: want 3", len(p.weights))
	}
	for i, name := range p.c.Kinds {
		if !slices.Contains(p.kinds, name) || slices.Contains(p.c.Kinds[:i], name) {
			return flags.Wrong("-models %s: want different ones of %v", name, p.kinds)
		}
	}
	if p.c.Size%2 != 0 {
		return flags.Wrong("-pixels %d: want an even number", p.c.Size)
	}
	if p.c.Swing > math.Pi {
		return flags.Wrong("-swing %v: want an angle up to π", p.c.Swing)
	}
	for _, a := range p.c.Swings {
		if a >= math.Pi {
			return flags.Wrong("-swings %v: want angles below π", a)
		}
	}
	var err error
	p.c.Scene, err = pixels.SceneOf(p.scene)
	p.c.Weights = [3]float64(p.weights)
	p.c.Hidden, p.c.Act, p.c.Init, p.c.Seed, p.c.Schedule = p.hidden, p.act, p.init, p.seed, p.rates()
	p.c.Rule = func() nn.Rule { a := p.adam; return &a }
	p.planned = func(string) []int { return []int{p.c.Epochs} }
	return err
}

// fits refuses what would need too much memory.
func (p *pixelsJob) fits(e *env, c *pixels.Config) error {
	frame := float64(8 * c.Size * c.Size)
	weights, last := 0., 2*float64(c.Size*c.Size)
	for _, h := range append(append([]int{}, c.Hidden...), 2*c.Pairs) {
		weights += float64(2 * float64(last*float64(h)))
		last = float64(h)
	}
	made := (float64(c.Runs) + float64(c.Tests)) * float64(c.Frames)
	if c.Own != nil { // readFilm has bounded it
		made = 0
	}
	films := float64(zoom*zoom*c.Size*c.Size) * float64(shown*(len(c.Kinds)+1)+p.new) // a picture of film.gif and one of new.gif
	rollout := float64(films) + float64(frame*float64((len(c.Kinds)+1)*c.Starts+p.new))
	return cmp.Or(
		e.fits(frame*made, fmt.Sprintf("-runs %d and -tests %d of %d frames of %d×%d", c.Runs, c.Tests, c.Frames, c.Size, c.Size), "fewer, or smaller -pixels"),
		e.fits(float64(rollout*float64(c.Length))+float64(float64(400*len(c.Kinds)*len(c.Swings))*float64(c.Long)), "the rollouts", "fewer -starts or -new, or less of -ahead or -long"),
		e.fits(float64(weights*250)+float64(frame*20*float64(c.Batch)), "networks of -hidden "+p.flags.Lookup("hidden").Value.String(), "smaller layers"))
}

func (p *pixelsJob) run(e *env) error {
	c := p.c
	if p.frames != "" {
		film, err := readFilm(e.ctx, p.frames, c.Size, c.Dt)
		if err != nil {
			return err
		}
		if c.Own, c.Check, err = film.Hold(0.2); err != nil {
			return fmt.Errorf("%s: %w", p.frames, err)
		}
		c.Dt = film.Dt
		longest := 0
		for i := range c.Check.Starts {
			lo, hi := c.Check.Run(i)
			longest = max(longest, hi-lo-1)
		}
		c.Length, c.Starts = min(c.Length, longest), len(c.Check.Starts)
	}
	if err := p.fits(e, &c); err != nil {
		return err
	}
	if p.record {
		return p.recordFilm(e)
	}
	c.Workers = e.threads(p.workers)
	saved := checkpoints{e: e, dir: p.out, settings: p.flags.With(flags.Setting)}
	if !e.dry {
		c.Save = saved.save
	}
	if p.resume {
		c.Resume = saved.load
	}
	show, done := p.progress(e)
	r, err := pixels.Run(e.ctx, c, func(model string, ep nn.Epoch) {
		e.unsaved.Store(!e.dry)
		show(model, ep)
	})
	done()
	e.unsaved.Store(false)
	if err != nil {
		saved.interrupted("pixels")
		return err
	}
	p.report(e, r)
	if err := p.writeFiles(e, &c, r, saved.settings); err != nil {
		return err
	}
	for _, m := range r.Models {
		if m.Picture > poorPicture {
			e.warn("%s: the pictures that it reconstructs are off by %.2g of their variance: little was learned: want more -epochs, or a film that moves more", m.Name, m.Picture)
		}
	}
	if !e.dry {
		if err := e.writeReport(p.flags, p.out); err != nil {
			return err
		}
	}
	if err := saved.remove(); err != nil {
		return err
	}
	if !p.quiet {
		printFilms(e.stderr, r)
		e.say("")
		e.say("wrote %d files to %s", len(e.made)+1, p.out)
	}
	return nil
}
