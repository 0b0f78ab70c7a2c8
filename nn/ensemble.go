package nn

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"hnn/autodiff"
	"hnn/autodiff/random"
)

// An ensemble is several models of the same data. They differ in their first weights and, if
// each is fitted to a sample of the data drawn with replacement (a bootstrap sample), in their
// data. Where they agree, the data determine the answer.
//
// Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993); Lakshminarayanan,
// Pritzel, Blundell, "Simple and Scalable Predictive Uncertainty Estimation using Deep
// Ensembles" (2017), for first weights.

// Resample returns a bootstrap sample of a series: as many of its trajectories as it has, drawn
// from src with replacement. They are independent of each other where rows are not.
func (s *Series) Resample(src rand.Source) *Series {
	var drawn []*Series
	for range s.Runs() {
		drawn = append(drawn, s.part(s.Run(int(random.IntN(src, s.Runs())))))
	}
	return joined(drawn)
}

// joined returns the trajectories of several series of the same columns as one.
func joined(all []*Series) *Series {
	first := all[0]
	j := &Series{Hidden: first.Hidden, Periodic: first.Periodic, Between: first.Between, Starts: []int{}}
	for _, s := range all {
		rows := 0
		if j.X != nil {
			rows = j.X.Rows
		}
		for i := range s.Runs() {
			lo, _ := s.Run(i)
			j.Starts = append(j.Starts, rows+lo)
		}
		j.T = append(j.T, s.T...)
		j.X, j.DX, j.U = stacked(j.X, s.X), stacked(j.DX, s.DX), stacked(j.U, s.U)
	}
	return j
}

// stacked returns the rows of a, nil for none, and then those of b.
func stacked(a, b *autodiff.Matrix) *autodiff.Matrix {
	if b == nil {
		return a
	}
	if a == nil {
		a = &autodiff.Matrix{Cols: b.Cols}
	}
	return &autodiff.Matrix{Rows: a.Rows + b.Rows, Cols: b.Cols, Data: append(a.Data, b.Data...)}
}

// Pieces cuts the trajectories of a series, at its gaps and then into about n pieces of equal
// numbers of rows in all, two at least. It is for Resample where there are few trajectories. Pieces are
// independent of each other only as far as errors of rows are.
func (s *Series) Pieces(n int) *Series {
	c := *s
	if s.T != nil {
		cut, _ := s.cut()
		c.Starts = cut.Starts
	}
	rows := max(2, s.Rows()/max(1, n))
	var starts []int
	for i := range c.Runs() {
		lo, hi := c.Run(i)
		parts := max(1, (hi-lo)/rows)
		for k := range parts {
			starts = append(starts, lo+k*(hi-lo)/parts)
		}
	}
	c.Starts = starts
	return &c
}

// The format of a file of an ensemble is described at SaveAll.
const (
	ensembleFormat  = "hnn ensemble"
	ensembleVersion = 1
)

// SaveAll writes the models of an ensemble and their origin, nil for none, to one file. All
// have states of one dimension.
//
//	{"format": "hnn ensemble", "version": 1, "made": {…},
//	 "members": [{"kind": "hnn", "parts": {…}}, …],
//	 "sha256": "…"}
//
// made, kind, parts and sha256 are as in the file of one model: see Save.
func SaveAll(w io.Writer, models []Stored, made *Origin) error {
	if err := checkMembers(models); err != nil {
		return fmt.Errorf("nn: save: %w", err)
	}
	var members []*Member
	for _, m := range models {
		members = append(members, &Member{Model: m})
	}
	b, err := pack(ensembleFormat, ensembleVersion, func(p *Parts) {
		Part(p, "made", &made)
		list(p, "members", true, &members, nil)
	})
	if err != nil {
		return fmt.Errorf("nn: save: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// LoadAll reads the models of a file that SaveAll or Save wrote, and their origin. It is as
// strict as Load.
func LoadAll(r io.Reader, own ...Kind) ([]Stored, *Origin, error) {
	models, made, err := decodeAll(r, append(own, Kinds()...))
	if err != nil {
		return nil, nil, fmt.Errorf("nn: load: no model file: %w", err)
	}
	return models, made, nil
}

func decodeAll(r io.Reader, kinds []Kind) (models []Stored, made *Origin, err error) {
	whole := newSealReader(r)
	in, err := object(whole)
	if err != nil {
		return nil, nil, err
	}
	var format string
	if json.Unmarshal(in["format"], &format) != nil || format != ensembleFormat {
		m, made, err := decodeModel(whole, in, kinds)
		return []Stored{m}, made, err
	}
	if err := header(in, ensembleFormat, ensembleVersion, nil); err != nil {
		return nil, nil, err
	}
	if err := unseal(whole, in); err != nil {
		return nil, nil, err
	}
	var members []*Member
	err = unpack(in, func(p *Parts) {
		Part(p, "made", &made)
		list(p, "members", true, &members, func() *Member { return &Member{Kinds: kinds} })
	})
	if err != nil {
		return nil, nil, err
	}
	for _, m := range members {
		models = append(models, m.Model)
	}
	return models, made, checkMembers(models)
}

// checkMembers reports what is wrong with an ensemble.
func checkMembers(models []Stored) error {
	if len(models) == 0 {
		return errors.New("an ensemble of no models")
	}
	for i, m := range models {
		if err := checkModel(m); err != nil {
			return fmt.Errorf("member %d: %w", i+1, err)
		}
		if m.Dim() != models[0].Dim() {
			return fmt.Errorf("member %d has states of %d numbers, member 1 of %d", i+1, m.Dim(), models[0].Dim())
		}
	}
	return nil
}
