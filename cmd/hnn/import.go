package main

import (
	"bytes"
	"fmt"
	"io"

	"hnn/cmd/hnn/internal/export"
	"hnn/cmd/hnn/internal/flags"
	"hnn/cmd/hnn/internal/table"
	"hnn/nn"
	"hnn/spring/pixels"
)

const importHelp = ` FILE.safetensors

Makes a model file of weights in the safetensors format, - for standard input.

A file of hnn export becomes the model file that it was made of, to the byte.

Any other file should have the linear layers of one network, as PyTorch names them in a
state dict: NAME.weight, outputs × inputs, and NAME.bias, in the order of their names, as
linear1.weight, linear1.bias, linear2.weight, … of the reference code of Hamiltonian neural
networks (github.com/greydanus/hamiltonian-nn). Numbers may have 32 or 64 bits. A state is
q…, p…, without scaling. For a network of n inputs the shapes decide:

  1 output    H, kind hnn
  2 outputs   the two potentials of that code, of which the second is H; kind hnn
  n outputs   the field, kind baseline

For n = 2 the last two are alike, and -kind must say which. A file .pt or .pth of PyTorch is
converted by

  import torch
  from safetensors.torch import save_file
  save_file(torch.load("model.tar", weights_only=True), "model.safetensors")

Examples:
  hnn import -o pendulum.json pendulum.safetensors
  hnn import -kind hnn -activation tanh -o reference.json pend-hnn.safetensors
`

func defineImport(f *flags.Set) check {
	var kind string
	act, out := nn.Tanh, "-"
	flags.Choice(f, &kind, "kind", []string{"hnn", "baseline"}, "`model`: hnn or baseline (default what the shapes say)")
	flags.Choice(f, &act, "activation", []nn.Activation{nn.Tanh, nn.Sigmoid, nn.Softplus, nn.Sin}, "`function` between the layers: tanh, sigmoid, softplus or sin")
	f.File(&out, "o", flags.Output, "output `file`, - for standard output")
	f.Operands(1, 1, "a safetensors file, or - for standard input")
	return func() (run, error) {
		return func(e *env) error {
			if out == "-" && e.screen && !e.dry {
				return flags.Wrong("a model is long: name a file with -o, or send standard output to one")
			}
			in, err := table.Open(e.ctx, f.Arg(0))
			if err != nil {
				return err
			}
			defer in.Close()
			tensors, meta, err := export.Read(boundModel(in))
			if err != nil {
				return fmt.Errorf("%s: %w", f.Arg(0), err)
			}
			var m nn.Stored
			made := &nn.Origin{Program: version, Command: "import", Flags: f.With(flags.Setting)}
			if meta["format"] == export.Format {
				if name := f.First("kind", "activation"); name != "" {
					return flags.Wrong("-%s: the file is one of hnn export, and says that itself", name)
				}
				var file []byte
				if file, err = export.Model(tensors, meta); err == nil {
					m, made, err = nn.Load(bytes.NewReader(file), pixels.Kind())
				}
			} else {
				var net *nn.MLP
				if net, err = export.Network(tensors, act); err == nil {
					m, err = export.ModelOf(net, kind)
				}
			}
			if err != nil {
				return fmt.Errorf("%s: %w", f.Arg(0), err)
			}
			return e.write(out, func(w io.Writer) error { return nn.Save(w, m, made) })
		}, nil
	}
}
