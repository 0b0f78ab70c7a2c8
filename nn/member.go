package nn

// A Member is a model that is a part of something else, of an ensemble for example. It is saved
// with its kind.
type Member struct {
	Model Stored
	Kinds []Kind // to load it; nil: those of the table
}

// Parts implements Composite.
func (m *Member) Parts(p *Parts) {
	kind := ""
	if m.Model != nil {
		kind = m.Model.Kind()
	}
	p.Text("kind", &kind)
	if m.Model == nil && p.err == nil {
		kinds := m.Kinds
		if kinds == nil {
			kinds = Kinds()
		}
		row, err := find(kinds, "kind of model", kind, func(k Kind) string { return k.Name })
		if err != nil {
			p.err = err
			return
		}
		m.Model = row.Empty()
	}
	if p.err == nil {
		p.inner("parts", m.Model.Parts)
	}
}
