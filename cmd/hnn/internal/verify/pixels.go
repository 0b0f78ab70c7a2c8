package verify

import (
	"context"
	"math"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
	"hnn/nn"
	"hnn/spring/pixels"
)

// smallFilm is a short experiment with pictures. It takes a tenth of a second.
func smallFilm() pixels.Config {
	c := pixels.Default()
	c.Size, c.Runs, c.Frames, c.Tests, c.Starts, c.Length, c.Long = 10, 4, 12, 2, 1, 12, 40
	c.Hidden, c.Dynamics, c.Epochs, c.Batch = []int{12, 12}, []int{8}, 3, 20
	return c
}

// smallFilmSHA256 is the hash of the result of smallFilm, on every platform.
const smallFilmSHA256 = "73a78ff6cd52055ed3bf93740533c6a8f32d8337374c1b4f692b7de831c96c76"

// checkPixels runs the small experiment with one worker and with three, and compares the
// gradients of encoder, decoder and latent field with differences.
func checkPixels(r *report, want string) {
	r.sameBits("pixels experiment", want, func(workers int) string {
		c := smallFilm()
		c.Workers = workers
		res, err := pixels.Run(context.Background(), c, nil)
		noError(err)
		return hashFilm(res)
	})

	c := smallFilm()
	film, err := c.Record(context.Background(), rand.NewPCG(1, 1))
	noError(err)
	for _, kind := range c.Kinds {
		m, err := c.NewAutoencoder(film, kind, rand.NewPCG(2, 2))
		noError(err)
		epoch := 0
		o := pixels.Objective{Coupling: c.Coupling, Weights: c.Weights, Epoch: &epoch}
		p, err := o.Problem(m, film.Series(), nil, 1)
		noError(err)
		first := 0
		for _, part := range []struct {
			name   string
			params []*autodiff.Matrix
		}{{"encoder", m.Encoder.Params()}, {"decoder", m.Decoder.Params()}, {"field", m.Latent().Params()}} {
			r.most("pixels "+m.Latent().Kind()+" "+part.name, directional(p, first, len(part.params)), 1e-6, "from central differences")
			first += len(part.params)
		}
		p.(*nn.ChunkProblem).Close()
	}
}

// directional returns how far the derivative of the loss of a problem along a random direction,
// in n of its parameters from first on, is from a central difference, as a share of it.
func directional(p nn.Problem, first, n int) float64 {
	const h = 1e-5
	src := rand.NewPCG(3, uint64(first))
	p.Eval(nil, true)
	slope := 0.
	params := p.Params()[first : first+n]
	var way [][]float64
	for i, w := range params {
		way = append(way, make([]float64, len(w.Data)))
		for j := range way[i] {
			way[i][j] = float64(2*random.Uniform(src)) - 1
			slope += float64(way[i][j] * p.Grads()[first+i].Data[j])
		}
	}
	at := func(share float64) float64 {
		for i, w := range params {
			for j := range w.Data {
				w.Data[j] += float64(share * way[i][j])
			}
		}
		return p.Eval(nil, false)
	}
	up := at(h)
	down := at(-2 * h)
	at(h)
	return math.Abs((up-down)/(2*h)-slope) / math.Abs(slope)
}

// hashFilm is hash for an experiment with pictures.
func hashFilm(r *pixels.Result) string {
	return hashNumbers(func(put func(vs ...float64)) {
		put(r.Train.X.Data...)
		put(r.Test.States.Data...)
		for _, m := range r.Models {
			for _, p := range m.Model.Params() {
				put(p.Data...)
			}
			put(m.Picture)
			put(m.Map.W.Data...)
			for _, e := range m.Epochs {
				put(e.Loss, e.Valid, e.Rate)
			}
		}
		for _, ro := range r.Rollouts {
			for _, z := range ro.Z {
				put(z...)
			}
			put(ro.Angle...)
			put(ro.E...)
			put(ro.H...)
		}
	})
}
