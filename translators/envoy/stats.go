package envoy

import "github.com/weft-mesh/weft/translators/model"

// # Figures
//
// Every sidecar counts what it takes in (server_*) and what it sends (client_*)
// in series of its own, served as Prometheus text on MetricsPort at StatsPath.
// This file is all that a reader of them needs to know.
//
// Names are those of the text: FamilyPrefix and one of the families below. Each
// line carries the family's labels and no other; a histogram has "le" as well,
// in milliseconds, and is split by fewer labels. A label whose value is not
// known, or does not apply, is empty.
//
//	family                        labels
//	server_requests_total         peer identity port rule code grpc flags
//	server_request_duration_ms    peer identity port                          (histogram)
//	server_denied_total           peer identity port protocol missing
//	server_connections_total      peer identity port flags protocol
//	server_bytes_in_total         peer identity port protocol
//	server_bytes_out_total        peer identity port protocol
//	server_open_seconds_total     peer identity port
//	client_requests_total         service split backend port peer identity code grpc flags
//	client_request_duration_ms    service split backend port peer identity    (histogram)
//	client_denied_total           address
//	client_connections_total      backend share split port peer identity flags protocol
//	client_bytes_in_total         backend share split port peer identity protocol
//	client_bytes_out_total        backend share split port peer identity protocol
//	client_open_seconds_total     backend port peer identity
//
// Which pod counted is known to who asked it: no series names its own workload.
//
// Requests: each is counted once, when its answer has ended, or it was given up.
// A request that the server's policy denied is in server_denied_total and in no
// other family of the server; its caller counts a request with code 403. One that
// the caller's own sidecar refused, since the caller may call nothing behind that
// address, is in client_denied_total alone, and no server hears of it.
//
// Connections: counted when they end, with all their bytes. One that is open is
// seen in *_open_seconds_total, which grows by OpenSeconds each OpenSeconds (so
// that its rate is the number of open connections, but for young ones). A
// connection that the server's policy refused in the handshake is in
// server_denied_total with protocol "tcp" alone; the caller can't tell it from
// one that the server closed, and counts it among its connections.
//
// Sessions of UDP: counted among the connections, with protocol "udp", when they
// end. The caller's sidecar does not know who answered.
//
// Durations are of whole requests, from the first byte of the request to the last
// of the answer, in milliseconds without a fraction; those that became a
// WebSocket (code 101) have none. A stream of gRPC counts with all its life.
//
// A histogram follows its counter within five seconds, Envoy's interval for
// merging them. Series start at zero and appear with their first count, so a new
// one's first value is all of it. One that stands still for StatsEviction is
// dropped, and starts again at zero; a restart of the sidecar drops all. Beyond
// MaxCounters and MaxHistograms nothing new is counted.
const (
	// FamilyPrefix begins the name of every family.
	FamilyPrefix = "envoy_" + statsScope + "_"

	FamilyServerRequests    = FamilyPrefix + serverRequests
	FamilyServerDuration    = FamilyPrefix + serverDuration
	FamilyServerDenied      = FamilyPrefix + serverDenied
	FamilyServerConnections = FamilyPrefix + serverSide + connections
	FamilyServerBytesIn     = FamilyPrefix + serverSide + bytesIn
	FamilyServerBytesOut    = FamilyPrefix + serverSide + bytesOut
	FamilyServerOpenSeconds = FamilyPrefix + serverSide + openSeconds
	FamilyClientRequests    = FamilyPrefix + clientRequests
	FamilyClientDuration    = FamilyPrefix + clientDuration
	FamilyClientDenied      = FamilyPrefix + clientDenied
	FamilyClientConnections = FamilyPrefix + clientSide + connections
	FamilyClientBytesIn     = FamilyPrefix + clientSide + bytesIn
	FamilyClientBytesOut    = FamilyPrefix + clientSide + bytesOut
	FamilyClientOpenSeconds = FamilyPrefix + clientSide + openSeconds
)

// Labels.
const (
	// LabelPeer is the workload of the other side as its certificate names it:
	// what model.ParseWorkloadDNSName reads. Empty without mutual TLS, and where
	// nobody answered.
	LabelPeer = "peer"
	// LabelIdentity is the other side's SPIFFE ID; empty where LabelPeer is.
	LabelIdentity = "identity"
	// LabelPort is on the server's side the pod's port, on the client's the port
	// that was dialled: the Service's.
	LabelPort = "port"
	// LabelRule is the match that let the request in, "group-namespace/group/match",
	// or RuleAll where every request of that caller is.
	LabelRule = "rule"
	// LabelCode is the HTTP status of the answer; 0 where none came.
	LabelCode = "code"
	// LabelGRPC is the gRPC status of the answer as a number; empty where it is
	// not one of gRPC.
	LabelGRPC = "grpc"
	// LabelFlags is what Envoy noted, comma-separated: "UF", "UH", "UC", "DC",
	// "UF,URX"; FlagsNone where there was nothing to note.
	LabelFlags = "flags"
	// LabelProtocol is ProtocolHTTP, ProtocolTCP or ProtocolUDP. Of connections it
	// is there for UDP alone.
	LabelProtocol = "protocol"
	// LabelMissing is what would have let a denied caller in: MissingTarget,
	// MissingRoute or MissingCertificate.
	LabelMissing = "missing"
	// LabelService is the Service that was called, "namespace/name".
	LabelService = "service"
	// LabelSplit is the TrafficSplit that chose, "namespace/name"; empty for none.
	// On connections it is there where LabelShare is.
	LabelSplit = "split"
	// LabelBackend is the cluster that was chosen: what ParseClusterName reads.
	// DirectBackend for a pod that was called by its own address.
	LabelBackend = "backend"
	// LabelShare is the backend of a TrafficSplit that a connection was led to,
	// "namespace/name"; LabelBackend is the split's root then. Empty without one.
	LabelShare = "share"
	// LabelAddress is what was dialled, "10.96.0.1:80" or "[fd00::1]:80".
	LabelAddress = "address"
)

// Values of labels.
const (
	// FlagsNone is LabelFlags where all went well.
	FlagsNone = "-"
	// RuleAll is the rule of who may ask for everything.
	RuleAll = "allow"
	// DirectBackend is the backend of connections to a pod's own address.
	DirectBackend = directChain
	// ProtocolHTTP and ProtocolTCP are the values of LabelProtocol.
	ProtocolHTTP = string(model.ProtocolHTTP)
	ProtocolTCP  = string(model.ProtocolTCP)
	ProtocolUDP  = string(model.ProtocolUDP)
	// MissingTarget says that no TrafficTarget has the caller as a source for
	// that port, MissingRoute that one has, but none of its routes is that of the
	// request, MissingCertificate that the caller showed none of the mesh.
	MissingTarget      = "target"
	MissingRoute       = "route"
	MissingCertificate = "certificate"
)

// Bounds of what a sidecar keeps, and its intervals in seconds.
const (
	MaxCounters   = 5000
	MaxHistograms = 1000
	StatsEviction = 600
	OpenSeconds   = 10
)

// StatsPath is where MetricsPort answers.
const StatsPath = "/stats/prometheus"

// The families as Envoy is told of them.
const (
	statsScope     = "weft"
	serverSide     = "server_"
	clientSide     = "client_"
	serverRequests = serverSide + "requests_total"
	serverDuration = serverSide + "request_duration_ms"
	serverDenied   = serverSide + "denied_total"
	clientRequests = clientSide + "requests_total"
	clientDuration = clientSide + "request_duration_ms"
	clientDenied   = clientSide + "denied_total"
	connections    = "connections_total"
	bytesIn        = "bytes_in_total"
	bytesOut       = "bytes_out_total"
	openSeconds    = "open_seconds_total"
)
