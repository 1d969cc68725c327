package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/weft-mesh/weft/conformance/actors"
)

// handshake bounds how long a command may take to start.
const handshake = 10 * time.Second

// callers hands plans to callers in pods. Each actor has one, which is started when it is first asked and stays, so that
// its named connections do.
type callers struct{ sessions sessions }

// do has an actor make the calls of a plan.
func (c *callers) do(ctx context.Context, from Actor, plan actors.Plan) (actors.Report, error) {
	var report actors.Report
	if err := c.sessions.exchange(ctx, from, plan, &report); err != nil {
		return actors.Report{}, fmt.Errorf("calls from %s: %w", from, err)
	}
	if len(report.Outcomes) != len(plan.Calls) {
		return actors.Report{}, fmt.Errorf("calls from %s: %d outcomes of %d calls", from, len(report.Outcomes), len(plan.Calls))
	}
	return report, nil
}

// sessions are commands in pods that answer one document of JSON with another: one in a pod of each actor that was asked.
type sessions struct {
	cluster *cluster
	command string

	mu   sync.Mutex
	open map[Actor]*session
}

// exchange hands a document to the command of an actor and reads its answer.
func (p *sessions) exchange(ctx context.Context, of Actor, in, out any) error {
	s, err := p.session(ctx, of)
	if err != nil {
		return err
	}
	if err := s.exchange(ctx, in, out); err != nil {
		p.mu.Lock()
		delete(p.open, of)
		p.mu.Unlock()
		s.close()
		return err
	}
	return nil
}

// session finds the command of an actor, or starts it.
func (p *sessions) session(ctx context.Context, of Actor) (*session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.open[of]; ok {
		return s, nil
	}
	var s *session
	err := poll(ctx, fmt.Sprintf("`%s` in a pod of %s", p.command, of), func(ctx context.Context) (err error) {
		s, err = p.start(ctx, of)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.open == nil {
		p.open = map[Actor]*session{}
	}
	p.open[of] = s
	return s, nil
}

// start starts a command and sees that it answers: a command's first input can be lost on its way into a pod.
func (p *sessions) start(ctx context.Context, of Actor) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, handshake)
	defer cancel()
	pod, err := p.cluster.pod(ctx, of)
	if err != nil {
		return nil, err
	}
	s, err := p.cluster.exec(ctx, of.Namespace, pod, binary, p.command)
	if err != nil {
		return nil, fmt.Errorf("start it: %w", err)
	}
	if err := s.exchange(ctx, struct{}{}, &struct{}{}); err != nil {
		s.close()
		return nil, fmt.Errorf("start it: %w", err)
	}
	return s, nil
}

// close ends all commands.
func (p *sessions) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.open {
		s.close()
	}
	p.open = nil
}

// session is a command in a pod, of which input and output stay open.
type session struct {
	mu   sync.Mutex
	in   *io.PipeWriter
	out  *json.Decoder
	stop context.CancelFunc
	// ended holds why the command ended, once done is closed.
	done  chan struct{}
	ended error
}

// exec starts a command in the actors' container of a pod, over WebSocket, or SPDY where the way there can't carry that.
func (c *cluster) exec(ctx context.Context, namespace, pod string, command ...string) (*session, error) {
	url := c.kube.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: command, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	config := rest.CopyConfig(c.config)
	spdy, err := remotecommand.NewSPDYExecutor(config, "POST", url)
	if err != nil {
		return nil, err
	}
	websocket, err := remotecommand.NewWebSocketExecutor(config, "GET", url.String())
	if err != nil {
		return nil, err
	}
	executor, err := remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	if err != nil {
		return nil, err
	}
	inReader, inWriter := io.Pipe()
	outReader, outWriter := io.Pipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the test that starts it; close ends it
	s := &session{in: inWriter, out: json.NewDecoder(outReader), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		var problems bytes.Buffer
		err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: inReader, Stdout: outWriter, Stderr: &problems})
		if err == nil {
			err = errors.New("the command ended")
		}
		s.ended = fmt.Errorf("%w: %s", err, strings.TrimSpace(problems.String()))
		inReader.CloseWithError(s.ended)
		outWriter.CloseWithError(s.ended)
	}()
	return s, nil
}

// exchange sends a document and reads the one that answers it.
func (s *session) exchange(ctx context.Context, in, out any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer context.AfterFunc(ctx, s.close)()
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if _, err := s.in.Write(text); err != nil {
		return err
	}
	return s.out.Decode(out)
}

func (s *session) close() {
	s.stop()
	_ = s.in.Close()
	<-s.done
}
