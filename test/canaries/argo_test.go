package canaries

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/weft-mesh/weft/test/tutorial"
)

// Sections of docs/argo-rollouts.md that have commands.
const (
	rolloutSettings  = "Settings"
	installRollouts  = "Install Argo Rollouts"
	meshedServices   = "An application"
	makeRollout      = "A Rollout"
	goodRollout      = "Release a version that is good"
	abortedRollout   = "Take one back yourself"
	failingRollout   = "Release one that fails"
	rolloutWithTrial = "Try one beside the others"
	cleanUp          = "Clean up"
)

// argoPage is docs/argo-rollouts.md as it is run in a namespace.
type argoPage struct {
	tutorial.Page
	session   *tutorial.Session
	namespace string
	meter     *meter
}

// sections runs the sections of these titles.
func (p *argoPage) sections(ctx context.Context, titles ...string) error {
	for _, title := range titles {
		found := false
		for _, section := range p.Sections {
			if section.Title != title {
				continue
			}
			found = true
			if out, err := p.session.RunAll(ctx, section); err != nil {
				return fmt.Errorf("%s\n%w", out, err)
			}
		}
		if !found {
			return fmt.Errorf("%s has no section %q", p.Path, title)
		}
	}
	return nil
}

// release runs a section, and counts calls of the root Service meanwhile.
func (p *argoPage) release(ctx context.Context, title string) release {
	roles := &roles{namespace: p.namespace}
	r := observe(ctx, surveyor{meter: p.meter, namespace: p.namespace, name: "web", backend: roles.backend}, func(ctx context.Context) error {
		return p.sections(ctx, title)
	})
	if r.err != nil {
		r.err = fmt.Errorf("%w\n%s", r.err, explainRollout(p.namespace))
	}
	r.warnings = rolloutWarnings(p.namespace)
	return r
}

// rolloutsInstalled says that the section of that has been run, which is of the whole cluster.
var rolloutsInstalled bool

// open begins the page with the values of the test for its variables, and installs Argo Rollouts once.
func (p *argoPage) open(ctx context.Context) (err error) {
	if p.Page, err = readPage("argo-rollouts.md"); err != nil {
		return err
	}
	if p.session, err = tutorial.NewSession(); err != nil {
		return err
	}
	if err := p.sections(ctx, rolloutSettings); err != nil {
		return err
	}
	root, err := filepath.Abs(filepath.Dir(filepath.Dir(p.Path)))
	if err != nil {
		return err
	}
	values := map[string]string{"NS": p.namespace, "WEFT": root}
	if manifest := os.Getenv("ARGO_ROLLOUTS"); manifest != "" {
		if values["ARGO_ROLLOUTS"], err = rolloutsForLab(manifest, GinkgoT().TempDir()); err != nil {
			return err
		}
	}
	for name, value := range values {
		if err := p.session.Set(name, value); err != nil {
			return err
		}
	}
	if rolloutsInstalled {
		return nil
	}
	rolloutsInstalled = true
	if err := p.sections(ctx, installRollouts); err != nil {
		return fmt.Errorf("%w\n%s", err, look([]string{"get", "-n", argoRollouts, "pods,events"}))
	}
	return nil
}

var _ = Describe("Argo Rollouts, by the commands of docs/argo-rollouts.md", Ordered, func() {
	page := &argoPage{namespace: "argo-page"}

	BeforeAll(func(ctx SpecContext) {
		Expect(page.open(ctx)).To(Succeed())
		DeferCleanup(page.session.Close)
		var titles []string
		for _, section := range page.Sections {
			titles = append(titles, section.Title)
		}
		Expect(titles).To(Equal([]string{
			rolloutSettings, installRollouts, meshedServices, makeRollout, goodRollout, abortedRollout, failingRollout, rolloutWithTrial, cleanUp,
		}), "what the specs run, in this order")
		DeferCleanup(func(ctx SpecContext) {
			Expect(exec.CommandContext(ctx, "kubectl", "delete", "namespace", page.namespace, "--wait=false", "--ignore-not-found").Run()).To(Succeed())
		}, NodeTimeout(2*patience))
		Expect(page.sections(ctx, meshedServices, makeRollout)).To(Succeed(), "%s", explainRollout(page.namespace))
		var err error
		page.meter, err = newMeter(ctx, page.namespace, "web:8080")
		Expect(err).NotTo(HaveOccurred())
	}, NodeTimeout(10*time.Minute))

	It("a version that is good is released, after a person said so, and no call fails", func(ctx SpecContext) {
		r := page.release(ctx, goodRollout)
		expectFair(r, 0, 25, 50, 0)
		Expect(r.failures).To(BeEmpty())
	}, SpecTimeout(10*time.Minute))

	It("a version is taken back by a person, and no call fails", func(ctx SpecContext) {
		r := page.release(ctx, abortedRollout)
		expectFair(r, 0, 25, 0)
		Expect(r.failures).To(BeEmpty())
	}, SpecTimeout(10*time.Minute))

	It("a version that fails is taken back by what weft-metrics says of it", func(ctx SpecContext) {
		r := page.release(ctx, failingRollout)
		expectFair(r, 0, 25, 0)
		for failure := range r.failures {
			Expect(failure).To(HavePrefix("status 500 of pod"), "only version 4 itself may fail")
		}
	}, SpecTimeout(10*time.Minute))

	It("an experiment gets its share of the calls, and no call fails", func(ctx SpecContext) {
		r := page.release(ctx, rolloutWithTrial)
		expectFair(r, 0, 10, 100, 0)
		expectTrial(r, 4)
		Expect(r.failures).To(BeEmpty())
	}, SpecTimeout(10*time.Minute))

	It("is undone", func(ctx SpecContext) {
		Expect(page.sections(ctx, cleanUp)).To(Succeed())
	}, SpecTimeout(6*time.Minute))
})
