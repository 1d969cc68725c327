package features

// Pages of the specification, by version.
const (
	access1 = "apis/traffic-access/v1alpha1/traffic-access.md"
	access2 = "apis/traffic-access/v1alpha2/traffic-access.md"
	access3 = "apis/traffic-access/v1alpha3/traffic-access.md"
)

// Features of TrafficTarget.
const (
	AccessDeniedByDefault              Name = "AccessDeniedByDefault"
	AccessDeniedByDefaultTCP           Name = "AccessDeniedByDefaultTCP"
	AccessAllowedOnDefinedRoutes       Name = "AccessAllowedOnDefinedRoutes"
	AccessDeniedUnlistedSource         Name = "AccessDeniedUnlistedSource"
	AccessDeniedUnlistedRoute          Name = "AccessDeniedUnlistedRoute"
	AccessIdentityIsServiceAccount     Name = "AccessIdentityIsServiceAccount"
	AccessDestinationSelectsPods       Name = "AccessDestinationSelectsPods"
	AccessMatchesOmittedMeansAll       Name = "AccessMatchesOmittedMeansAll"
	AccessMatchesSelectByName          Name = "AccessMatchesSelectByName"
	AccessSeveralSources               Name = "AccessSeveralSources"
	AccessSeveralRules                 Name = "AccessSeveralRules"
	AccessAdditive                     Name = "AccessAdditive"
	AccessAdditiveRemoval              Name = "AccessAdditiveRemoval"
	AccessEnforcedAtServer             Name = "AccessEnforcedAtServer"
	AccessSourceInOtherNamespace       Name = "AccessSourceInOtherNamespace"
	AccessNamespaceIsPartOfSource      Name = "AccessNamespaceIsPartOfSource"
	AccessNamespaceIsPartOfDestination Name = "AccessNamespaceIsPartOfDestination"
	AccessRevoked                      Name = "AccessRevoked"
	AccessSourcesEdited                Name = "AccessSourcesEdited"
	AccessPortAndRoute                 Name = "AccessPortAndRoute"
	AccessTCPRoutePorts                Name = "AccessTCPRoutePorts"
	AccessPortsOmittedMeansAll         Name = "AccessPortsOmittedMeansAll"
	AccessExampleHTTP                  Name = "AccessExampleHTTP"
	AccessExamplePathSpecific          Name = "AccessExamplePathSpecific"
	AccessV1alpha3                     Name = "AccessV1alpha3"
	AccessV1alpha3WithSpecsV1alpha4    Name = "AccessV1alpha3WithSpecsV1alpha4"
	AccessDestinationRequired          Name = "AccessDestinationRequired"
	AccessRulesRequired                Name = "AccessRulesRequired"
	AccessSourcesRequired              Name = "AccessSourcesRequired"
	AccessDeniedByDefaultUDP           Name = "AccessDeniedByDefaultUDP"
	AccessUDPRoutePorts                Name = "AccessUDPRoutePorts"
	AccessUDPPortsOmittedMeansAll      Name = "AccessUDPPortsOmittedMeansAll"
	AccessUDPSourceIdentity            Name = "AccessUDPSourceIdentity"
	AccessExampleL4                    Name = "AccessExampleL4"
	AccessMissingRouteAllowsNothing    Name = "AccessMissingRouteAllowsNothing"
	AccessMissingRouteHoldsTheRest     Name = "AccessMissingRouteHoldsTheRest"
	AccessUnknownMatchAllowsNothing    Name = "AccessUnknownMatchAllowsNothing"
	AccessV1alpha1                     Name = "AccessV1alpha1"
	AccessV1alpha1Port                 Name = "AccessV1alpha1Port"
	AccessV1alpha1PortOmitted          Name = "AccessV1alpha1PortOmitted"
	AccessV1alpha1MatchesOmitted       Name = "AccessV1alpha1MatchesOmitted"
	AccessV1alpha1ExampleHTTP          Name = "AccessV1alpha1ExampleHTTP"
	AccessV1alpha1WithSpecsV1alpha1    Name = "AccessV1alpha1WithSpecsV1alpha1"
	AccessV1alpha1WithSpecsV1alpha2    Name = "AccessV1alpha1WithSpecsV1alpha2"
	AccessV1alpha2                     Name = "AccessV1alpha2"
	AccessV1alpha2Port                 Name = "AccessV1alpha2Port"
	AccessV1alpha2PortOmitted          Name = "AccessV1alpha2PortOmitted"
	AccessV1alpha2MatchesOmitted       Name = "AccessV1alpha2MatchesOmitted"
	AccessV1alpha2ExampleHTTP          Name = "AccessV1alpha2ExampleHTTP"
	AccessV1alpha2WithSpecsV1alpha3    Name = "AccessV1alpha2WithSpecsV1alpha3"
	AccessPortKeptByOtherVersions      Name = "AccessPortKeptByOtherVersions"
	AccessVersionsAreOnePolicy         Name = "AccessVersionsAreOnePolicy"
)

func init() {
	add(ACCESS, accessCore...)
	add(ACCESS, accessCorners...)
	add(ACCESS, accessOlder...)
}

var accessCore = []Feature{
	{AccessDeniedByDefault, "", Core, "all traffic is denied by default: requests", access3 + ", Specification"},
	{AccessDeniedByDefaultTCP, "", Core, "all traffic is denied by default: TCP connections", access3 + ", Specification"},
	{AccessAllowedOnDefinedRoutes, "", Core, "If a pod which holds the reference service identity makes a call to the destination on one of the defined routes then access will be allowed", access3 + ", TrafficTarget"},
	{AccessDeniedUnlistedSource, "", Core, "Any pod which attempts to connect and is not in the defined list of sources will be denied", access3 + ", TrafficTarget"},
	{AccessDeniedUnlistedRoute, "", Core, "Any pod which is in the defined list but attempts to connect on a route which is not in the list of TrafficSpecs will be denied", access3 + ", TrafficTarget"},
	{AccessIdentityIsServiceAccount, "", Core, "Access is controlled based on service identity, at present the method of assigning service identity is using Kubernetes service accounts", access3 + ", TrafficTarget"},
	{AccessDestinationSelectsPods, "", Core, "This example selects all the pods which have the service-a ServiceAccount: those and no others, whatever Service leads to them", access3 + ", TrafficTarget"},
	{AccessMatchesOmittedMeansAll, "", Core, "The matches field is optional and if omitted, a rule is valid for all the matches in a traffic spec (a OR relationship)", access3 + ", TrafficTarget"},
	{AccessMatchesSelectByName, "", Core, "A rule with matches is valid for the matches that it names, and for no others of the group", access3 + ", TrafficTarget"},
	{AccessSeveralSources, "", Core, "Source identities which are allowed to connect to the destination is defined in the sources list: each of them", access3 + ", TrafficTarget"},
	{AccessSeveralRules, "", Core, "A TrafficTarget associates a set of traffic definitions (rules) with a service identity: what any of the rules allows is allowed", access3 + ", TrafficTarget"},
	{AccessAdditive, "", Core, "Access control in this specification is additive: what several targets of one destination allow adds up", access3 + ", Specification"},
	{AccessAdditiveRemoval, "", Core, "Access control in this specification is additive: what one target allows holds when another that allows it too is removed", access3 + ", Specification"},
	{AccessEnforcedAtServer, "", Core, "access control is always enforced on the server side of a connection: also for callers that are not in the mesh, and for calls to a pod's own address", access3 + ", TrafficTarget"},
	{AccessSourceInOtherNamespace, "", Core, "A source names its namespace, which may be another than the destination's", access3 + ", TrafficTarget"},
	{AccessNamespaceIsPartOfSource, "", Core, "A source is a ServiceAccount of a namespace: an account of the same name in another namespace is not in the list", access3 + ", TrafficTarget"},
	{AccessNamespaceIsPartOfDestination, "", Core, "A destination is a ServiceAccount of a namespace: pods of an account of the same name in another namespace are not opened", access3 + ", TrafficTarget"},
	{AccessRevoked, "", Core, "all traffic is denied by default: what no target allows any more is denied, also on a connection that is open", access3 + ", Specification"},
	{AccessSourcesEdited, "", Core, "Only pods which have a ServiceAccount which is named in the sources list are allowed to connect: as the list is now", access3 + ", TrafficTarget"},
	{AccessPortAndRoute, "", Core, "TCPRoute matches.ports beside an HTTPRouteGroup allows the user to specify specifically which port traffic should be allowed on: port and route must both agree", access3 + ", Example implementation for L7"},
	{AccessTCPRoutePorts, "", Core, "the TCPRoute matches.ports field allows the user to specify specifically which port traffic should be allowed on", access3 + ", TrafficTarget"},
	{AccessPortsOmittedMeansAll, "", Core, "The matches.ports is an optional element, if not specified, traffic will be allowed to all ports on the destination service", access3 + ", TrafficTarget"},
	{AccessExampleHTTP, "", Core, "The previous example would allow the following HTTP traffic (api-service)", access3 + ", Example implementation for L7"},
	{AccessExamplePathSpecific, "", Core, "Traffic destined on a path /metrics is allowed (path-specific)", access3 + ", TrafficTarget"},
	{AccessV1alpha3, "", Core, "API Version: v1alpha3 of TrafficTarget is served", access3},
	{AccessV1alpha3WithSpecsV1alpha4, "", Core, "Compatible with: specs.smi-spec.io/v1alpha4", access3},
}

var accessCorners = []Feature{
	{AccessDestinationRequired, "", Extended, "A valid TrafficTarget must specify a destination: without one it allows nothing, or is refused", access3 + ", TrafficTarget"},
	{AccessRulesRequired, "", Extended, "A valid TrafficTarget must specify at least one rule: without one it allows nothing, or is refused", access3 + ", TrafficTarget"},
	{AccessSourcesRequired, "", Extended, "A valid TrafficTarget must specify at least one source: without one it allows nothing, or is refused", access3 + ", TrafficTarget"},
	{AccessDeniedByDefaultUDP, "", Extended, "all traffic is denied by default: UDP datagrams", access3 + ", Specification"},
	{AccessUDPRoutePorts, "", Extended, "the UDPRoute matches.ports field allows the user to specify specifically which port traffic should be allowed on", access3 + ", TrafficTarget"},
	{AccessUDPPortsOmittedMeansAll, "", Extended, "UDPRoute matches.ports is an optional element, if not specified, traffic will be allowed to all ports on the destination service", access3 + ", TrafficTarget"},
	{AccessUDPSourceIdentity, "", Extended, "Any pod which attempts to connect and is not in the defined list of sources will be denied: UDP datagrams", access3 + ", TrafficTarget"},
	{AccessExampleL4, "", Extended, "the above configuration will allow TCP and UDP traffic to both 8301 and 8302 ports, but will block UDP traffic to 8300", access3 + ", Example implementation for L4"},
	{AccessMissingRouteAllowsNothing, "", Extended, "a route which is not in the list of TrafficSpecs will be denied: a rule that names an object that is not there allows nothing until it is there", access3 + ", TrafficTarget"},
	{AccessMissingRouteHoldsTheRest, "", Extended, "Access control is additive: a rule that names an object that is not there takes nothing from the other rules of its target", access3 + ", Specification"},
	{AccessUnknownMatchAllowsNothing, "", Extended, "a route which is not in the list of TrafficSpecs will be denied: a name in matches that the group does not have allows nothing, and does not stand for all", access3 + ", TrafficTarget"},
}

var accessOlder = []Feature{
	{AccessV1alpha1, "", Extended, "API Version: v1alpha1 of TrafficTarget is served, and means what it says", access1},
	{AccessV1alpha1Port, "", Extended, "the port field allows the user to specify specifically which port traffic should be allowed on", access1 + ", TrafficTarget"},
	{AccessV1alpha1PortOmitted, "", Extended, "port is an optional element, if not specified, traffic will be allowed to all ports on the destination service", access1 + ", TrafficTarget"},
	{AccessV1alpha1MatchesOmitted, "", Extended, "The matches field is optional and if omitted, a rule is valid for all the matches in a traffic spec", access1 + ", TrafficTarget"},
	{AccessV1alpha1ExampleHTTP, "", Extended, "The previous example would allow the following HTTP traffic (api-service)", access1 + ", Example Implementation"},
	{AccessV1alpha1WithSpecsV1alpha1, "", Extended, "Compatible With: specs.smi-spec.io/v1alpha1", access1},
	{AccessV1alpha1WithSpecsV1alpha2, "", Extended, "Compatible With: specs.smi-spec.io/v1alpha2", access1},
	{AccessV1alpha2, "", Extended, "API Version: v1alpha2 of TrafficTarget is served, and means what it says", access2},
	{AccessV1alpha2Port, "", Extended, "the port field allows the user to specify specifically which port traffic should be allowed on", access2 + ", TrafficTarget"},
	{AccessV1alpha2PortOmitted, "", Extended, "port is an optional element, if not specified, traffic will be allowed to all ports on the destination service", access2 + ", TrafficTarget"},
	{AccessV1alpha2MatchesOmitted, "", Extended, "The matches field is optional and if omitted, a rule is valid for all the matches in a traffic spec", access2 + ", TrafficTarget"},
	{AccessV1alpha2ExampleHTTP, "", Extended, "The previous example would allow the following HTTP traffic (api-service)", access2 + ", Example Implementation"},
	{AccessV1alpha2WithSpecsV1alpha3, "", Extended, "Compatible With: specs.smi-spec.io/v1alpha3", access2},
	{AccessPortKeptByOtherVersions, "", Extended, "the port field allows the user to specify specifically which port traffic should be allowed on: also after the object was read and written in another served version", access2 + ", TrafficTarget"},
	{AccessVersionsAreOnePolicy, "", Extended, "Access control in this specification is additive: targets of different versions add up", access3 + ", Specification"},
}
