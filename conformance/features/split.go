package features

// Pages of the specification, by version.
const (
	split1 = "apis/traffic-split/v1alpha1/traffic-split.md"
	split2 = "apis/traffic-split/v1alpha2/traffic-split.md"
	split3 = "apis/traffic-split/v1alpha3/traffic-split.md"
	split4 = "apis/traffic-split/v1alpha4/traffic-split.md"
)

// Features of TrafficSplit.
const (
	SplitWeights                     Name = "SplitWeights"
	SplitWeightsRelative             Name = "SplitWeightsRelative"
	SplitWeightZero                  Name = "SplitWeightZero"
	SplitSeveralBackends             Name = "SplitSeveralBackends"
	SplitPerClient                   Name = "SplitPerClient"
	SplitRootByName                  Name = "SplitRootByName"
	SplitRootSelectsBackends         Name = "SplitRootSelectsBackends"
	SplitBackendsCalledDirectly      Name = "SplitBackendsCalledDirectly"
	SplitOtherServicesUntouched      Name = "SplitOtherServicesUntouched"
	SplitNamespaced                  Name = "SplitNamespaced"
	SplitFromOtherNamespace          Name = "SplitFromOtherNamespace"
	SplitBackendMissing              Name = "SplitBackendMissing"
	SplitBackendCreatedLater         Name = "SplitBackendCreatedLater"
	SplitEdited                      Name = "SplitEdited"
	SplitCompleted                   Name = "SplitCompleted"
	SplitRemoved                     Name = "SplitRemoved"
	SplitMatches                     Name = "SplitMatches"
	SplitMatchesWeights              Name = "SplitMatchesWeights"
	SplitUnmatchedToRoot             Name = "SplitUnmatchedToRoot"
	SplitUnmatchedRootEmpty          Name = "SplitUnmatchedRootEmpty"
	SplitMatchesMerged               Name = "SplitMatchesMerged"
	SplitPortMissing                 Name = "SplitPortMissing"
	SplitPortsEach                   Name = "SplitPortsEach"
	SplitTargetPort                  Name = "SplitTargetPort"
	SplitNotHierarchical             Name = "SplitNotHierarchical"
	SplitV1alpha4                    Name = "SplitV1alpha4"
	SplitNonMeshClients              Name = "SplitNonMeshClients"
	SplitMatchesPathAndMethod        Name = "SplitMatchesPathAndMethod"
	SplitMatchesMissingGroup         Name = "SplitMatchesMissingGroup"
	SplitMatchesGroupEdited          Name = "SplitMatchesGroupEdited"
	SplitTargetPortNamed             Name = "SplitTargetPortNamed"
	SplitPortByNumber                Name = "SplitPortByNumber"
	SplitLoop                        Name = "SplitLoop"
	SplitRootAsBackend               Name = "SplitRootAsBackend"
	SplitBackendTypes                Name = "SplitBackendTypes"
	SplitBackendOutside              Name = "SplitBackendOutside"
	SplitRootMissing                 Name = "SplitRootMissing"
	SplitBackendTwice                Name = "SplitBackendTwice"
	SplitAllWeightsZero              Name = "SplitAllWeightsZero"
	SplitSeveralOnRoot               Name = "SplitSeveralOnRoot"
	SplitEditedUnderLoad             Name = "SplitEditedUnderLoad"
	SplitSpecIsTheUsers              Name = "SplitSpecIsTheUsers"
	SplitAccessOfBackends            Name = "SplitAccessOfBackends"
	SplitMisconfigurationTold        Name = "SplitMisconfigurationTold"
	SplitWeightsWhole                Name = "SplitWeightsWhole"
	SplitHostSpellings               Name = "SplitHostSpellings"
	SplitHTTP2                       Name = "SplitHTTP2"
	SplitGRPC                        Name = "SplitGRPC"
	SplitTCP                         Name = "SplitTCP"
	SplitTCPWeightZero               Name = "SplitTCPWeightZero"
	SplitTCPMatches                  Name = "SplitTCPMatches"
	SplitUDP                         Name = "SplitUDP"
	SplitV1alpha3                    Name = "SplitV1alpha3"
	SplitV1alpha3Matches             Name = "SplitV1alpha3Matches"
	SplitV1alpha2                    Name = "SplitV1alpha2"
	SplitV1alpha1                    Name = "SplitV1alpha1"
	SplitV1alpha1Quantities          Name = "SplitV1alpha1Quantities"
	SplitV1alpha1QuantitiesAsWritten Name = "SplitV1alpha1QuantitiesAsWritten"
	SplitVersionsAreOneObject        Name = "SplitVersionsAreOneObject"
)

func init() {
	add(SPLIT, coreSplit()...)
	add(SPLIT, extendedSplit()...)
	add(SPLIT, protocolSplit()...)
	add(SPLIT, versionSplit()...)
}

func coreSplit() []Feature {
	return []Feature{
		{Name: SplitWeights, Level: Core, Source: split4 + ", Specification", Statement: "Implementations will weight outgoing traffic between the services referenced by spec.backends."},
		{Name: SplitWeightsRelative, Level: Core, Source: split4 + ", Workflow", Statement: "Weights are relative, not percentages: 1000 and 500 mean that approximately 33% of traffic goes to the second."},
		{Name: SplitWeightZero, Level: Core, Source: split4 + ", Workflow", Statement: "With a weight of 0 the SMI implementation does not redirect any traffic to the backend."},
		{Name: SplitSeveralBackends, Level: Core, Source: split1 + ", Specification", Statement: "Outgoing traffic is weighted between all of the services referenced, three as well as two."},
		{Name: SplitPerClient, Level: Core, Source: split4 + ", Workflow", Statement: "The weights hold on a per-client basis and not global across all requests destined for these backends."},
		{Name: SplitRootByName, Level: Core, Source: split4 + ", Specification", Statement: "The spec.service name is the FQDN that applications will use to communicate."},
		{Name: SplitRootSelectsBackends, Level: Core, Source: split4 + ", Workflow", Statement: "The root's selector may select the pods of all backends; the weights hold all the same."},
		{Name: SplitBackendsCalledDirectly, Level: Core, Source: split4 + ", Workflow", Statement: "Manual requests to a backend's own service reach that backend, whatever its weight."},
		{Name: SplitOtherServicesUntouched, Level: Core, Source: split4 + ", Specification", Statement: "The resource is associated with a root service: traffic to other services is not split."},
		{Name: SplitNamespaced, Level: Core, Source: split4 + ", Specification", Statement: "Root and backends are services inside the split's namespace; services of the same names elsewhere are not concerned."},
		{Name: SplitFromOtherNamespace, Level: Core, Source: split4 + ", Specification", Statement: "Clients use the root's FQDN to communicate, from other namespaces too, and their traffic is split."},
		{Name: SplitBackendMissing, Level: Core, Source: split4 + ", Workflow", Statement: "The TrafficSplit refers to the service foobar-v2 even before it is created; the rest of the traffic goes on."},
		{Name: SplitBackendCreatedLater, Level: Core, Source: split4 + ", Workflow", Statement: "A backend that is created after the split gets its share from then on."},
		{Name: SplitEdited, Level: Core, Source: split4 + ", Workflow", Statement: "The user increases the weight of a backend by updating the TrafficSplit resource, and traffic follows."},
		{Name: SplitCompleted, Level: Core, Source: split4 + ", Workflow", Statement: "The user lets the implementation redirect all traffic to the new version: one backend of weight 1 is left."},
		{Name: SplitRemoved, Level: Core, Source: split4 + ", Workflow", Statement: "The split is deleted as it is no longer needed: the root is a plain service again."},
		{Name: SplitMatches, Level: Core, Source: split4 + ", Specification", Statement: "Requests that match the header filters of spec.matches are routed to the backends."},
		{Name: SplitMatchesWeights, Level: Core, Source: split4 + ", A/B test example", Statement: "What matches is weighted: a backend of weight 0 gets nothing of it."},
		{Name: SplitUnmatchedToRoot, Level: Core, Source: split4 + ", A/B test example", Statement: "If the header conditions don't match the incoming request, then routing will be handled by the Kubernetes service with the same name as spec.service."},
		{Name: SplitMatchesMerged, Level: Core, Source: split4 + ", Specification", Statement: "If multiple HTTP route groups are specified, all routes will be merged into a single group."},
		{Name: SplitPortMissing, Level: Core, Source: split4 + ", Ports", Statement: "If a port of the root does not match one of a backend, the backend service is not included and will not receive traffic."},
		{Name: SplitPortsEach, Level: Core, Source: split4 + ", Ports", Statement: "Each port of the root follows the same guidelines on its own."},
		{Name: SplitTargetPort, Level: Core, Source: split4 + ", Ports", Statement: "Mapping between port and targetPort occurs on each backend service individually."},
		{Name: SplitNotHierarchical, Level: Core, Source: split4 + ", Tradeoffs", Statement: "TrafficSplits are not hierarchical: a split on a backend is not followed."},
		{Name: SplitV1alpha4, Level: Core, Source: split4, Statement: "TrafficSplit is served as split.smi-spec.io/v1alpha4 and means what the page says."},
	}
}

func extendedSplit() []Feature {
	return []Feature{
		{Name: SplitNonMeshClients, Level: Extended, Source: split4 + ", Specification", Statement: "For any clients that are not forwarding their traffic through a proxy that implements this proposal, the standard Kubernetes service configuration would continue to operate."},
		{Name: SplitMatchesPathAndMethod, Level: Extended, Source: split4 + ", Specification", Statement: "spec.matches refers to whole HTTP route groups: their paths and methods hold as their headers do."},
		{Name: SplitMatchesMissingGroup, Level: Extended, Source: split4 + ", Specification", Statement: "A group that does not exist matches nothing: traffic stays with the root's own endpoints."},
		{Name: SplitMatchesGroupEdited, Level: Extended, Source: split4 + ", Specification", Statement: "A split refers to its groups by name: what they say later holds from then on."},
		{Name: SplitUnmatchedRootEmpty, Level: Extended, Source: split4 + ", A/B test example", Statement: "Who does not match is for the root service to handle, also where that has no pods: the backends don't step in."},
		{Name: SplitTargetPortNamed, Level: Extended, Source: split4 + ", Ports", Statement: "targetPort may be a name, which each backend's pods resolve for themselves, as it matches the existing implementation of Services."},
		{Name: SplitPortByNumber, Level: Extended, Source: split4 + ", Ports", Statement: "The match is between the ports, not between their names."},
		{Name: SplitLoop, Level: Extended, Source: split4 + ", Tradeoffs", Statement: "Splits that name each other's roots as backends are no circular reference: none is followed."},
		{Name: SplitRootAsBackend, Level: Extended, Source: split4 + ", Tradeoffs", Statement: "TrafficSplits cannot be self-referential: the root as its own backend means the pods that it selects."},
		{Name: SplitBackendTypes, Level: Extended, Source: split4 + ", Specification", Statement: "Each backend is a Kubernetes service that potentially has a different selector and type."},
		{Name: SplitBackendOutside, Level: Extended, Source: split4 + ", Specification", Statement: "Each backend is a Kubernetes service that potentially has a different selector and type: also one without a selector, whose endpoints are not in the mesh, and which speaks what it did without a mesh."},
		{Name: SplitRootMissing, Level: Extended, Source: split4 + ", Specification", Statement: "A split without its root service concerns nobody, and holds once the service is there."},
		{Name: SplitBackendTwice, Level: Extended, Source: split4 + ", Specification", Statement: "A service that is listed as a backend twice has both weights."},
		{Name: SplitAllWeightsZero, Level: Extended, Source: split4 + ", Workflow", Statement: "With all weights 0 no traffic is redirected to any backend, and nothing else suffers."},
		{Name: SplitSeveralOnRoot, Level: Extended, Source: split4 + ", Specification", Statement: "Several splits on one root, each for a user segment of its own, hold beside each other and beside one for everybody else."},
		{Name: SplitEditedUnderLoad, Level: Extended, Source: split4 + ", Specification", Statement: "Users incrementally direct percentages of traffic: a new weight costs no request, also on connections that are kept."},
		{Name: SplitSpecIsTheUsers, Level: Extended, Source: split4 + ", Specification", Statement: "There must be some kind of controller managing the traffic shifting over time: the mesh itself never writes to a split's spec."},
		{Name: SplitAccessOfBackends, Level: Extended, Source: access3 + ", Specification", Statement: "Access control is enforced at the server: being the backend of a split allows nobody in."},
		{Name: SplitMisconfigurationTold, Level: Extended, Source: split4 + ", Ports", Statement: "It is recommended that implementations issue an event when the configuration is incorrect, visible with kubectl describe trafficsplit, or refuse it at admission."},
		{Name: SplitWeightsWhole, Level: Extended, Source: split2 + ", Specification", Statement: "Weights must be whole numbers."},
		{Name: SplitHostSpellings, Level: Extended, Source: split4 + ", Specification", Statement: "However an application spells the root's name, with or without its namespace, its domain and its port, the traffic is split."},
	}
}

func protocolSplit() []Feature {
	return []Feature{
		{Name: SplitHTTP2, Level: Extended, Source: split4 + ", Specification", Statement: "The requests of one HTTP/2 connection are weighted."},
		{Name: SplitGRPC, Level: Extended, Source: split4 + ", Ports", Statement: "Calls to a port that speaks gRPC are weighted."},
		{Name: SplitTCP, Level: Extended, Source: split4 + ", Specification", Statement: "The weights hold for outgoing traffic of any protocol: TCP connections."},
		{Name: SplitTCPWeightZero, Level: Extended, Source: split4 + ", Workflow", Statement: "A backend of weight 0 gets no TCP connection."},
		{Name: SplitTCPMatches, Level: Extended, Source: split4 + ", Specification", Statement: "Connections that have no headers match no header filter: the root's own endpoints handle them."},
		{Name: SplitUDP, Level: Extended, Source: split4 + ", Specification", Statement: "The weights hold for outgoing traffic of any protocol: UDP flows."},
	}
}

func versionSplit() []Feature {
	return []Feature{
		{Name: SplitV1alpha3, Level: Extended, Source: split3, Statement: "TrafficSplit is served as split.smi-spec.io/v1alpha3 and means what the page says."},
		{Name: SplitV1alpha3Matches, Level: Extended, Source: split3 + ", Compatible with", Statement: "The matches of v1alpha3 refer to an HTTPRouteGroup of specs.smi-spec.io/v1alpha3."},
		{Name: SplitV1alpha2, Level: Extended, Source: split2, Statement: "TrafficSplit is served as split.smi-spec.io/v1alpha2 and means what the page says."},
		{Name: SplitV1alpha1, Level: Extended, Source: split1, Statement: "TrafficSplit is served as split.smi-spec.io/v1alpha1 and means what the page says."},
		{Name: SplitV1alpha1Quantities, Level: Extended, Source: split1 + ", Specification", Statement: "Weights are identical to resources, 1 = 1000m, in whatever mixture."},
		{Name: SplitV1alpha1QuantitiesAsWritten, Level: Extended, Source: split1 + ", Specification", Statement: "A quantity is read as it was written."},
		{Name: SplitVersionsAreOneObject, Level: Extended, Source: split4, Statement: "What is written in one version holds, and loses nothing, where it is read and written back in another."},
	}
}
