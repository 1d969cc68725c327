package canaries

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/weft-mesh/weft/test/tutorial"
)

// Sections of docs/flagger.md that are more than commands.
const (
	settings       = "Settings"
	installFlagger = "Install Flagger"
	makeCanary     = "A Canary"
	goodRelease    = "Release a version that is good"
	failingRelease = "Release one that fails"
	slowRelease    = "Release one that is slow"
)

var flaggerProviders = []string{"smi:v1alpha1", "smi:v1alpha2", "smi:v1alpha3", "osm", "linkerd"}

// story is the tutorial, as it goes with one provider in a namespace of its own. Its releases are told as they end.
type story struct {
	provider, namespace string
	releases            map[string]chan release
	meter               *meter
}

func newStory(provider string) *story {
	return &story{
		provider: provider, namespace: "flagger-" + strings.ReplaceAll(provider, ":", "-"),
		releases: map[string]chan release{
			goodRelease: make(chan release, 1), failingRelease: make(chan release, 1), slowRelease: make(chan release, 1),
		},
	}
}

// play runs the page. What goes wrong is the result of all releases that are still to come.
func (s *story) play(ctx context.Context, page tutorial.Page) {
	err := s.sections(ctx, page)
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, s.explain())
	}
	for title, result := range s.releases {
		if err == nil {
			err = fmt.Errorf("%s has no section %q", page.Path, title)
		}
		select {
		case result <- release{err: err}:
		default:
		}
	}
}

func (s *story) sections(ctx context.Context, page tutorial.Page) error {
	session, err := tutorial.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	defer func() {
		if s.meter != nil {
			s.meter.close()
		}
	}()
	for _, section := range page.Sections {
		if result, ok := s.releases[section.Title]; ok {
			r := s.release(ctx, session, section)
			result <- r
			if r.err != nil {
				return r.err
			}
			continue
		}
		if section.Title == installFlagger {
			continue
		}
		if _, err := session.RunAll(ctx, section); err != nil {
			return err
		}
		if err := s.after(ctx, session, section.Title); err != nil {
			return err
		}
	}
	return nil
}

// after does what the test adds to a section.
func (s *story) after(ctx context.Context, session *tutorial.Session, title string) (err error) {
	switch title {
	case settings:
		return errors.Join(session.Set("NS", s.namespace), session.Set("PROVIDER", s.provider))
	case makeCanary:
		s.meter, err = newMeter(ctx, s.namespace, "web:80")
	}
	return err
}

// release runs a section, and counts calls of the root Service meanwhile.
func (s *story) release(ctx context.Context, session *tutorial.Session, section tutorial.Section) release {
	if s.meter == nil {
		return release{err: fmt.Errorf("there is no section %q before %q", makeCanary, section.Title)}
	}
	r := observe(ctx, surveyor{meter: s.meter, namespace: s.namespace, name: "web", backend: backendOf, hold: s.suspend}, func(ctx context.Context) error {
		_, err := session.RunAll(ctx, section)
		return err
	})
	r.warnings = look([]string{
		"get", "-n", s.namespace, "events", "--field-selector", "involvedObject.kind=Canary,type=Warning", "-o", "custom-columns=MESSAGE:.message",
	})
	return r
}

// suspend has Flagger leave the Canary alone for a while.
func (s *story) suspend(ctx context.Context, held bool) error {
	canary, err := mesh.Get(ctx, "flagger.app/v1beta1", "Canary", s.namespace, "web")
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"spec": {"suspend": %t}}`, held)
	return mesh.Client.Patch(ctx, canary, client.RawPatch(types.MergePatchType, patch))
}

// backendOf names the Service that a pod of the tutorial's stands behind.
func backendOf(pod string) string {
	switch {
	case strings.HasPrefix(pod, "web-primary-"):
		return "web-primary"
	case strings.HasPrefix(pod, "web-"):
		return "web-canary"
	}
	return pod
}

func (s *story) explain() string {
	return look(
		[]string{"get", "-n", s.namespace, "canaries,trafficsplits,pods,services", "-o", "wide"},
		[]string{"get", "-n", s.namespace, "events", "--sort-by=.lastTimestamp", "-o", "custom-columns=OBJECT:.involvedObject.name,MESSAGE:.message"},
		[]string{"logs", "-n", "flagger-system", "deployment/flagger", "--tail=40"},
	)
}

// installFlaggerOnce runs the page's commands up to Flagger's rollout, in a session of its own.
func installFlaggerOnce(ctx context.Context, page tutorial.Page) error {
	session, err := tutorial.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	for _, section := range page.Sections {
		if section.Title != settings && section.Title != installFlagger {
			continue
		}
		if _, err := session.RunAll(ctx, section); err != nil {
			return err
		}
		if section.Title == installFlagger {
			return nil
		}
	}
	return fmt.Errorf("%s has no section %q", page.Path, installFlagger)
}

var _ = Describe("Flagger, by the commands of docs/flagger.md", Ordered, ContinueOnFailure, func() {
	stories := map[string]*story{}
	var page tutorial.Page

	BeforeAll(func(ctx SpecContext) {
		var err error
		page, err = readPage("flagger.md")
		Expect(err).NotTo(HaveOccurred())
		Expect(installFlaggerOnce(ctx, page)).To(Succeed())
		playing, stop := context.WithCancel(context.Background())
		for _, provider := range flaggerProviders {
			s := newStory(provider)
			stories[provider] = s
			go s.play(playing, page)
		}
		DeferCleanup(func(ctx SpecContext) {
			stop()
			for _, s := range stories {
				Expect(exec.CommandContext(ctx, "kubectl", "delete", "namespace", s.namespace, "--wait=false", "--ignore-not-found").Run()).To(Succeed())
			}
		}, NodeTimeout(2*patience))
	}, NodeTimeout(10*time.Minute))

	// told is a release of the provider's story, once it has ended.
	told := func(ctx context.Context, provider, title string) release {
		GinkgoHelper()
		var r release
		Eventually(ctx, stories[provider].releases[title]).WithTimeout(20 * time.Minute).Should(Receive(&r))
		report("%v; %d calls, failed: %v", r.steps, r.calls, r.failures)
		Expect(r.err).NotTo(HaveOccurred())
		return r
	}

	fair := func(r release) {
		GinkgoHelper()
		for _, s := range r.steps {
			Expect(s.judge()).To(Succeed())
		}
	}

	for _, provider := range flaggerProviders {
		It(provider+" promotes a good version, and no call fails", func(ctx SpecContext) {
			r := told(ctx, provider, goodRelease)
			fair(r)
			Expect(r.failures).To(BeEmpty())
			Expect(r.weights()).To(Equal([]int64{0, 25, 50, 0}))
		}, SpecTimeout(21*time.Minute))
	}
	for _, provider := range flaggerProviders {
		It(provider+" takes back a version that fails", func(ctx SpecContext) {
			r := told(ctx, provider, failingRelease)
			fair(r)
			Expect(r.weights()).To(Equal([]int64{0, 25, 0}))
			Expect(r.warnings).To(MatchRegexp(`success rate \d\.\d\d%`), "a version that never succeeds has a rate all the same")
			for failure := range r.failures {
				Expect(failure).To(HavePrefix("status 500 of pod"), "only version 3 itself may fail")
			}
		}, SpecTimeout(21*time.Minute))
	}
	for _, provider := range flaggerProviders {
		It(provider+" takes back a version that is slow", func(ctx SpecContext) {
			r := told(ctx, provider, slowRelease)
			fair(r)
			Expect(r.weights()).To(Equal([]int64{0, 25, 0}))
			Expect(r.warnings).To(ContainSubstring("request duration"))
			Expect(r.failures).To(BeEmpty())
		}, SpecTimeout(21*time.Minute))
	}
})
