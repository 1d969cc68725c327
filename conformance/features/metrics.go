package features

// metrics1 is the page of TrafficMetrics.
const metrics1 = "apis/traffic-metrics/v1alpha1/traffic-metrics.md"

// Features of TrafficMetrics.
const (
	MetricsAPIService             Name = "MetricsAPIService"
	MetricsAPIResourceList        Name = "MetricsAPIResourceList"
	MetricsAPIResourceKind        Name = "MetricsAPIResourceKind"
	MetricsGet                    Name = "MetricsGet"
	MetricsList                   Name = "MetricsList"
	MetricsPods                   Name = "MetricsPods"
	MetricsNamespaces             Name = "MetricsNamespaces"
	MetricsDeployments            Name = "MetricsDeployments"
	MetricsServices               Name = "MetricsServices"
	MetricsNodes                  Name = "MetricsNodes"
	MetricsReplicationControllers Name = "MetricsReplicationControllers"
	MetricsDaemonSets             Name = "MetricsDaemonSets"
	MetricsReplicaSets            Name = "MetricsReplicaSets"
	MetricsStatefulSets           Name = "MetricsStatefulSets"
	MetricsJobs                   Name = "MetricsJobs"
	MetricsTrafficSplits          Name = "MetricsTrafficSplits"
	MetricsTrafficSplitBackend    Name = "MetricsTrafficSplitBackend"
	MetricsTrafficSplitApex       Name = "MetricsTrafficSplitApex"
	MetricsResource               Name = "MetricsResource"
	MetricsBothSides              Name = "MetricsBothSides"
	MetricsAggregates             Name = "MetricsAggregates"
	MetricsLatencies              Name = "MetricsLatencies"
	MetricsCounts                 Name = "MetricsCounts"
	MetricsTimestampAndWindow     Name = "MetricsTimestampAndWindow"
	MetricsEdges                  Name = "MetricsEdges"
	MetricsEdgesOfTheResource     Name = "MetricsEdgesOfTheResource"
	MetricsEdgesNeedTraffic       Name = "MetricsEdgesNeedTraffic"
	MetricsEdgesNotDeclared       Name = "MetricsEdgesNotDeclared"
	MetricsEdgeTo                 Name = "MetricsEdgeTo"
	MetricsEdgeFrom               Name = "MetricsEdgeFrom"
	MetricsEdgeRestricts          Name = "MetricsEdgeRestricts"
	MetricsEdgeBlank              Name = "MetricsEdgeBlank"
	MetricsListResource           Name = "MetricsListResource"
	MetricsLabelSelector          Name = "MetricsLabelSelector"
	MetricsSelectorFiltersItems   Name = "MetricsSelectorFiltersItems"
	MetricsEdgesSubresource       Name = "MetricsEdgesSubresource"
	MetricsRBAC                   Name = "MetricsRBAC"
	MetricsRBACEdges              Name = "MetricsRBACEdges"
)

func init() {
	add(METRICS, metricsAPI()...)
	add(METRICS, metricsResources()...)
	add(METRICS, metricsValues()...)
	add(METRICS, metricsEdges()...)
}

func metricsAPI() []Feature {
	return []Feature{
		{Name: MetricsAPIService, Level: Core, Source: metrics1 + ", Kubernetes API", Statement: "The metrics.smi-spec.io API will be exposed via a APIService."},
		{Name: MetricsAPIResourceList, Level: Core, Source: metrics1 + ", Kubernetes API", Statement: "Requesting /apis/metrics.smi-spec.io/v1alpha1/ returns an APIResourceList of the supported resources, each with the verbs get and list; namespaces are not namespaced, deployments and pods are."},
		{Name: MetricsAPIResourceKind, Level: Extended, Source: metrics1 + ", Kubernetes API", Statement: "Each of the resources in the APIResourceList is of the kind TrafficMetrics."},
		{Name: MetricsGet, Level: Core, Source: metrics1 + ", Specification", Statement: "A supported resource can be got by name."},
		{Name: MetricsList, Level: Core, Source: metrics1 + ", Specification", Statement: "Supported resources can be listed."},
		{Name: MetricsListResource, Level: Core, Source: metrics1 + ", TrafficMetricsList", Statement: "A list of a kind is a TrafficMetricsList whose resource holds only kind, namespace and apiVersion."},
		{Name: MetricsLabelSelector, Level: Core, Source: metrics1 + ", TrafficMetricsList", Statement: "For supported resources, it is possible to use a label selector as a filter; the list states it."},
		{Name: MetricsSelectorFiltersItems, Level: Extended, Source: metrics1 + ", TrafficMetricsList", Statement: "The label selector does not filter the metrics themselves, only the items that show up in the list."},
		{Name: MetricsRBAC, Level: Core, Source: metrics1 + ", RBAC", Statement: "A role over all resources of metrics.smi-spec.io may view all metrics and edges; who has none may not."},
		{Name: MetricsRBACEdges, Level: Extended, Source: metrics1 + ", RBAC", Statement: "A role over pods/edges may view only the metrics for edges of pods."},
	}
}

func metricsResources() []Feature {
	const list = metrics1 + ", Kubernetes API"
	return []Feature{
		{Name: MetricsPods, Level: Core, Source: metrics1 + ", Specification", Statement: "Pods are the most granular resource that metrics can be associated with."},
		{Name: MetricsNamespaces, Level: Core, Source: list, Statement: "namespaces are among the resources."},
		{Name: MetricsDeployments, Level: Core, Source: list, Statement: "deployments are among the resources."},
		{Name: MetricsServices, Level: Extended, Source: list, Statement: "services are among the resources."},
		{Name: MetricsNodes, Level: Extended, Source: list, Statement: "nodes are among the resources."},
		{Name: MetricsReplicationControllers, Level: Extended, Source: list, Statement: "replicationcontrollers are among the resources."},
		{Name: MetricsDaemonSets, Level: Extended, Source: list, Statement: "daemonsets are among the resources."},
		{Name: MetricsReplicaSets, Level: Extended, Source: list, Statement: "replicasets are among the resources."},
		{Name: MetricsStatefulSets, Level: Extended, Source: list, Statement: "statefulsets are among the resources."},
		{Name: MetricsJobs, Level: Extended, Source: list, Statement: "jobs are among the resources."},
		{Name: MetricsTrafficSplits, Level: Extended, Source: list, Statement: "trafficsplits are among the resources."},
		{Name: MetricsTrafficSplitApex, Level: Extended, Source: metrics1 + ", Traffic Splits", Statement: "The traffic metrics for a traffic split represent all requests which are sent to the traffic split's apex service."},
		{Name: MetricsTrafficSplitBackend, Level: Extended, Source: metrics1 + ", Traffic Splits", Statement: "Each TrafficMetrics object is scoped to an individual backend of the traffic split and contains a backend field: apex, name and weight."},
	}
}

func metricsValues() []Feature {
	return []Feature{
		{Name: MetricsResource, Level: Core, Source: metrics1 + ", TrafficMetrics", Statement: "TrafficMetrics references a resource by kind, namespace and name."},
		{Name: MetricsBothSides, Level: Core, Source: metrics1 + ", Specification", Statement: "All metrics are associated with the Kubernetes resource that is either generating or serving the measured traffic."},
		{Name: MetricsAggregates, Level: Core, Source: metrics1 + ", Kubernetes API", Statement: "For resource types that contain pods the metrics are aggregates of the pods contained within."},
		{Name: MetricsLatencies, Level: Core, Source: metrics1 + ", TrafficMetrics", Statement: "p99_response_latency, p90_response_latency and p50_response_latency are surfaced as quantities, with the unit seconds."},
		{Name: MetricsCounts, Level: Core, Source: metrics1 + ", TrafficMetrics", Statement: "success_count and failure_count are surfaced: counts, not rates."},
		{Name: MetricsTimestampAndWindow, Level: Core, Source: metrics1 + ", TrafficMetrics", Statement: "Each object has a timestamp and the window that its metrics are of."},
	}
}

func metricsEdges() []Feature {
	const edge, spec = metrics1 + ", Edge", metrics1 + ", Specification"
	return []Feature{
		{Name: MetricsEdges, Level: Core, Source: spec, Statement: "A sub-resource allows querying for all the edges associated with a specific resource."},
		{Name: MetricsEdgesSubresource, Level: Core, Source: metrics1 + ", TrafficMetricsList", Statement: "The list of edges is a sub-resource of the resource from an API perspective, and names it."},
		{Name: MetricsEdgesOfTheResource, Level: Extended, Source: spec, Statement: "The list of edges for a specified resource can be returned, it is not possible to query specific, unique edges."},
		{Name: MetricsEdgesNeedTraffic, Level: Core, Source: spec, Statement: "Edges are only visible between two resources that have exchanged traffic."},
		{Name: MetricsEdgesNotDeclared, Level: Extended, Source: spec, Statement: "Edges are not declarative, all traffic is monitored."},
		{Name: MetricsEdgeTo, Level: Core, Source: edge, Statement: "Metrics of direction to and side client are those that the resource observes of its calls to edge.resource."},
		{Name: MetricsEdgeFrom, Level: Core, Source: edge, Statement: "Metrics of direction from and side server are those that the resource observes of calls by edge.resource."},
		{Name: MetricsEdgeRestricts, Level: Core, Source: spec, Statement: "Edges restrict the metrics to only the traffic between the resource and edge.resource."},
		{Name: MetricsEdgeBlank, Level: Core, Source: spec, Statement: "A blank edge.resource has metrics for all the traffic received by resource."},
	}
}
