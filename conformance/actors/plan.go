package actors

import "time"

// Protocol is how a call is made.
type Protocol string

// The protocols. HTTP2 is HTTP/2 in plaintext with prior knowledge.
const (
	HTTP  Protocol = "http"
	HTTP2 Protocol = "http2"
	GRPC  Protocol = "grpc"
	TCP   Protocol = "tcp"
	UDP   Protocol = "udp"
)

// Call says what to call, and how often.
type Call struct {
	Protocol Protocol `json:"protocol"`
	// Address is host:port. The host may be a name.
	Address string `json:"address"`
	// Host is the Host header (the authority), if it is not to be the address.
	Host string `json:"host,omitempty"`
	// Path is the path and query of a request, or the full method of a gRPC call. Default "/".
	Path string `json:"path,omitempty"`
	// Method is GET by default.
	Method  string            `json:"method,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	// Payload is the body, the line or the datagram.
	Payload string `json:"payload,omitempty"`
	// Mark goes to the server with the call. The server keeps it, and can be asked whether the call has reached it.
	Mark string `json:"mark,omitempty"`
	// Count is how often the call is made. Default 1.
	Count int `json:"count,omitempty"`
	// Connection names a connection that is kept for as long as the caller runs, also from one plan to the next: all
	// calls of one name, protocol and address use it. Without it each call has a connection of its own.
	Connection string `json:"connection,omitempty"`
	// Timeout bounds a single call. Default 2 s.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Concurrency is how many calls are under way at a time. Default 1.
	Concurrency int `json:"concurrency,omitempty"`
	// Rate bounds the calls a second. 0 is no bound.
	Rate float64 `json:"rate,omitempty"`
}

// Plan is what a caller reads, as a JSON document: one after the other until its input ends.
type Plan struct {
	Calls []Call `json:"calls"`
	// Together makes the calls at the same time, not one after the other.
	Together bool `json:"together,omitempty"`
}

// Report is what a caller writes for each plan, as a JSON document.
type Report struct {
	// Outcomes are in the order of the plan's calls.
	Outcomes []Outcome `json:"outcomes"`
}

// Outcome is what became of a call.
type Outcome struct {
	// Count is how often the call was made.
	Count int `json:"count"`
	// Servers counts the answers by who gave them, as "namespace/workload". Answers of anybody else (a proxy's 403) are
	// not among them.
	Servers map[string]int `json:"servers,omitempty"`
	// Versions counts the same answers by the server's version.
	Versions map[string]int `json:"versions,omitempty"`
	// Pods counts the same answers by the server's pod, where they name it.
	Pods map[string]int `json:"pods,omitempty"`
	// Codes counts answers by HTTP status, or name of the gRPC code, whoever gave them.
	Codes map[string]int `json:"codes,omitempty"`
	// Errors counts the calls without any answer, by reason.
	Errors map[string]int `json:"errors,omitempty"`
	// Connections is how many connections were opened.
	Connections int `json:"connections"`
	// Latency is that of the calls that a server answered.
	Latency Latency `json:"latency"`
	// Last is the last answer of a server.
	Last *Answer `json:"last,omitempty"`
}

// Answered is how many of the calls a server of the suite has answered. All others were denied, one way or another.
func (o Outcome) Answered() int {
	sum := 0
	for _, n := range o.Servers {
		sum += n
	}
	return sum
}

// Latency is a distribution.
type Latency struct {
	P50 time.Duration `json:"p50"`
	P90 time.Duration `json:"p90"`
	P99 time.Duration `json:"p99"`
	Max time.Duration `json:"max"`
}

// Answer is what a server says of itself and of the call as it saw it.
type Answer struct {
	// Server is "namespace/workload".
	Server  string `json:"server"`
	Version string `json:"version"`
	Pod     string `json:"pod"`
	// Protocol, Port, Method, Path and Headers are those of the call that the server saw.
	Protocol string            `json:"protocol"`
	Port     int               `json:"port"`
	Method   string            `json:"method,omitempty"`
	Path     string            `json:"path,omitempty"`
	Host     string            `json:"host,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Payload  string            `json:"payload,omitempty"`
}
