package main

import (
	"os"
	"path/filepath"
)

// own is a command of the checkout itself, and its image, which holds that alone.
type own struct {
	// Name is that of the step, and of the executable in the image.
	Name string
	// Module is the folder of the command's module, and Package the command within it.
	Module, Package string
	Image           string
	// Binary and Tar are where the command and its image are built.
	Binary, Tar func(layout) string
}

var weft = own{
	Name: "weft", Module: ".", Package: "./cmd/weft", Image: weftImage, Binary: layout.weft, Tar: layout.weftImage,
}

// conformance is the suite; its image is that of the suite's actors too.
var conformance = own{
	Name: "smi-conformance", Module: "conformance", Package: "./cmd/smi-conformance", Image: conformanceImage,
	Binary: layout.conformance, Tar: layout.conformanceImage,
}

// compilation is how the command is compiled for the first time: from nothing, as far as anybody knows.
func (o own) compilation(l layout) compilation {
	return compilation{name: o.Name, dir: filepath.Join(l.Repo, o.Module), packages: []string{o.Package}, done: isFile(o.Binary(l))}
}

// build builds the command and its image. Go's cache decides whether there is anything to do.
func (o own) build(l layout, p *progress) error {
	binary := o.Binary(l)
	err := p.do(o.Name, o.Name, func(t *task) error {
		if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
			return err
		}
		c := o.compilation(l)
		partial := binary + ".partial"
		if err := t.goBuild(c.dir, c.packages, "-buildvcs=false", "-ldflags="+linkerFlags, "-o", partial); err != nil {
			return err
		}
		return moveFile(partial, binary)
	})
	if err != nil {
		return err
	}
	i := image{
		Name: o.Image, Entrypoint: []string{"/" + o.Name}, User: "65532", Files: map[string]string{"/" + o.Name: binary},
	}
	return buildImage(l, p, i, o.Tar(l), "image-"+o.Name+"-"+filepath.Base(l.checkout()))
}
