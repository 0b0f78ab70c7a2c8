package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"hnn/cmd/hnn/internal/export"
	"hnn/cmd/hnn/internal/flags"
	"hnn/nn"
)

const exportHelp = ` -to FORM MODEL.json

Writes a model for use elsewhere, - for a model from standard input. The forms, -to:

  c            one file of C99 with the weights in it. It calls no library and allocates
               nothing. Its results have the bits of this program's own. It has, for a model
               called NAME (-name, default the name of the file),
                 double NAME_H(const double *x)                  the energy
                 void NAME_field(const double *x, double *dx)    dx/dt
                 void NAME_rk4(double *x, double h)              one step of RK4
                 int NAME_midpoint(NAME_orbit *o, double h)      one step of the implicit
                                          midpoint rule, symplectic for every H
                 void NAME_next(const double *x, double *next)   of a nextstate model
                 int NAME_selftest(void)                         0 if the bits are right
                 void NAME_encode(const double *frames, double *x)   of hnn pixels: the
                                          state of two successive frames
                 void NAME_decode(const double *x, double *frames)   the two frames of a state
               where x holds the coordinates, then the momenta. A field with inputs takes
               them after x. Steps have the bits of hnn rollout -method RK4 or
               ImplicitMidpoint. A model of hnn pixels is moved on by a frame by a step of
               NAME_FRAME; with the default networks its file has 22 MB, and takes gcc some
               seconds and 300 MB
  numpy        a Python module of the same functions but NAME_midpoint, as H, field and so
               on, which needs NumPy alone and takes one state or many. It agrees with this program to about 1e-13
  safetensors  the weights as float64, under the names that they have in the model file,
               such as network.layers.0.w. All else is in the metadata, as JSON, so that
               hnn import gives the same model file back
  formula      H as one expression, for -H and for reading; for networks of one small
               hidden layer. Its values differ from the model's by roundings

In PyTorch, a model of tanh networks that has no angles is made of

  import json, torch
  from safetensors import safe_open
  with safe_open("model.safetensors", "pt") as f:
      w = {k: f.get_tensor(k) for k in f.keys()}
      model = json.loads(f.metadata()["model"])
  parts = model["parts"]
  def layers(net):
      names = sorted((k for k in w if k.startswith(net) and k.endswith(".w")), key=lambda k: (len(k), k))
      return [(w[k], w.get(k[:-1] + "b", 0)) for k in names]
  def mlp(net, y):
      *inner, (W, b) = layers(net)
      for V, c in inner:
          y = torch.tanh(y @ V.T + c)
      return y @ W.T + b
  mu, s, tau = 0, torch.ones(1), 1
  if "scaling" in parts:
      mu, s, tau = w["scaling.mu"], w["scaling.s"], parts["scaling"]["tau"]
  energy = s[0] * s[len(s) // 2] / tau

by its kind, in model["kind"]:

  hnn         def H(x): return energy * mlp("network", (x - mu) / s)[..., 0]
  baseline    def field(x): return s / tau * mlp("network", (x - mu) / s)
  nextstate   def next(x): return mu + s * mlp("network", (x - mu) / s)
  mechanical  def H(x):
                  d = len(w["masses"])
                  V = mlp("network", ((x - mu) / s)[..., :d])[..., 0]
                  return energy * V + (x[..., d:]**2 / (2 * w["masses"])).sum(-1)
  port        def net(i, y):
                  n = f"networks.{i}."
                  return mlp(n + "network", (y - w[n + "mu"]) / w[n + "s"]) * w[n + "out"]

The networks of a port model have their names in parts["networks"], and y are the arguments there:
net(0, x)[..., 0] is the H of a port model of which nothing is typed. The field of an H is

  def field(x):
      x = x.detach().requires_grad_()
      q, p = torch.autograd.grad(H(x).sum(), x)[0].chunk(2, -1)
      return torch.cat([p, -q], -1)

A model of hnn pixels has an encoder and a decoder, whose inner layers add to their input:

  def residual(net, y):
      *inner, (W, b) = layers(net)
      for i, (V, c) in enumerate(inner):
          z = torch.tanh(y @ V.T + c)
          y = y + z if i > 0 and z.shape == y.shape else z
      return y @ W.T + b
  mean, spread = torch.cat([w["mean"], w["mean"]]), parts["spread"]
  def encode(frames): return residual("encoder", (frames - mean) / spread)
  def decode(z): return mean + spread * residual("decoder", z)

Its latent field has the kind parts["motion"]["kind"] and, with the default kinds, no scaling:
mlp("motion", z) is its network. testdata/scripts/torch_lines.py runs these lines.

Examples:
  hnn export -to c -o pendulum.c pendulum.json
  cc -std=c99 -O3 -ffp-contract=off -mfma -c pendulum.c
  hnn export -to numpy -o pendulum.py pendulum.json
  python3 -c 'import pendulum; print(pendulum.field([1, 0]))'
  hnn export -to c -name film -o film.c pixels/hnn.json
  hnn export -to safetensors -o pendulum.safetensors pendulum.json
  hnn field -H "$(hnn export -to formula small.json)"
`

func defineExport(f *flags.Set) check {
	var to, name string
	out := "-"
	flags.Choice(f, &to, "to", []string{"c", "numpy", "safetensors", "formula"}, "`form`: c, numpy, safetensors or formula")
	f.StringVar(&name, "name", "", "`word` before the names of the C functions (default the name of the model's file)")
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 1, "a model file")
	return func() (run, error) {
		if to == "" {
			return nil, flags.Wrong("want -to c, numpy, safetensors or formula")
		}
		if name != "" && (to != "c" || name != export.Identifier(name)) {
			return nil, flags.Wrong("-name %.40q: want a name for C, of letters, digits and _, and -to c", name)
		}
		return func(e *env) error {
			if to == "safetensors" && out == "-" && e.screen && !e.dry {
				return flags.Wrong("safetensors are no text: name a file with -o, or send standard output to one")
			}
			m, err := loadWhole(e.ctx, f.Arg(0))
			if err != nil {
				return err
			}
			if name == "" {
				name = "model"
				if m.file != "-" {
					name = export.Identifier(strings.TrimSuffix(filepath.Base(m.file), filepath.Ext(m.file)))
				}
			}
			var b bytes.Buffer
			switch to {
			case "c":
				err = export.C(&b, name, m.Stored, m.about())
			case "numpy":
				err = export.NumPy(&b, m.Stored, m.about())
			case "formula":
				err = export.Formula(&b, m.Stored, m.states().names())
			case "safetensors":
				var file bytes.Buffer
				if err = nn.Save(&file, m.Stored, m.made); err == nil {
					err = export.Safetensors(&b, file.Bytes())
				}
			}
			if err != nil {
				return fmt.Errorf("%s: %w", m.file, err)
			}
			return e.write(out, func(w io.Writer) error {
				_, err := w.Write(b.Bytes())
				return err
			})
		}, nil
	}
}

// about says what a model is, line by line.
func (m *model) about() []string {
	lines := []string{fmt.Sprintf("A model of kind %s, written by hnn export (version %s).", m.Kind(), version)}
	if m.made == nil {
		return lines
	}
	names := m.states().names()
	lines = append(lines, "The numbers of a state: "+printable(strings.Join(names, ", "))+".")
	for i, name := range names {
		if i < len(m.made.Low) && i < len(m.made.High) {
			lines = append(lines, fmt.Sprintf("  %s was from %.6g to %.6g in the data; the model knows nothing beyond.", printable(name), m.made.Low[i], m.made.High[i]))
		}
	}
	if m.made.Data != "" {
		lines = append(lines, "SHA-256 of the data: "+printable(m.made.Data))
	}
	return lines
}
