package features

// Pages of the specification, by version.
const (
	specs1 = "apis/traffic-specs/v1alpha1/traffic-specs.md"
	specs2 = "apis/traffic-specs/v1alpha2/traffic-specs.md"
	specs3 = "apis/traffic-specs/v1alpha3/traffic-specs.md"
	specs4 = "apis/traffic-specs/v1alpha4/traffic-specs.md"
)

// Features of HTTPRouteGroup, TCPRoute and UDPRoute.
const (
	SpecsPathRegex                  Name = "SpecsPathRegex"
	SpecsPathAnchoredAtStart        Name = "SpecsPathAnchoredAtStart"
	SpecsPathOpenAtEnd              Name = "SpecsPathOpenAtEnd"
	SpecsPathAlternatives           Name = "SpecsPathAlternatives"
	SpecsPathWithQuery              Name = "SpecsPathWithQuery"
	SpecsMethodSpecific             Name = "SpecsMethodSpecific"
	SpecsMethodAny                  Name = "SpecsMethodAny"
	SpecsMethodsListed              Name = "SpecsMethodsListed"
	SpecsMethodHeadOfItsOwn         Name = "SpecsMethodHeadOfItsOwn"
	SpecsMatchEverything            Name = "SpecsMatchEverything"
	SpecsMatchNameIsKey             Name = "SpecsMatchNameIsKey"
	SpecsMatchesOr                  Name = "SpecsMatchesOr"
	SpecsPathAndMethod              Name = "SpecsPathAndMethod"
	SpecsHeaderRegex                Name = "SpecsHeaderRegex"
	SpecsHeaderAbsent               Name = "SpecsHeaderAbsent"
	SpecsHeadersAnd                 Name = "SpecsHeadersAnd"
	SpecsHeaderRoutesOr             Name = "SpecsHeaderRoutesOr"
	SpecsHeadersWithPathAndMethod   Name = "SpecsHeadersWithPathAndMethod"
	SpecsHeadersAlone               Name = "SpecsHeadersAlone"
	SpecsHeaderNameAnyCase          Name = "SpecsHeaderNameAnyCase"
	SpecsHeadersList                Name = "SpecsHeadersList"
	SpecsRoutesAlone                Name = "SpecsRoutesAlone"
	SpecsRoutesShared               Name = "SpecsRoutesShared"
	SpecsRoutesEdited               Name = "SpecsRoutesEdited"
	SpecsHTTP2                      Name = "SpecsHTTP2"
	SpecsGRPC                       Name = "SpecsGRPC"
	SpecsHTTPRouteGroupIsNotTCP     Name = "SpecsHTTPRouteGroupIsNotTCP"
	SpecsTCPRoutePorts              Name = "SpecsTCPRoutePorts"
	SpecsTCPRouteNoPorts            Name = "SpecsTCPRouteNoPorts"
	SpecsTCPRouteEdited             Name = "SpecsTCPRouteEdited"
	SpecsTCPRoutesAdd               Name = "SpecsTCPRoutesAdd"
	SpecsTCPRouteIsNotUDP           Name = "SpecsTCPRouteIsNotUDP"
	SpecsUDPRoutePorts              Name = "SpecsUDPRoutePorts"
	SpecsUDPRouteNoPorts            Name = "SpecsUDPRouteNoPorts"
	SpecsUDPRouteIsNotTCP           Name = "SpecsUDPRouteIsNotTCP"
	SpecsHTTPRouteGroupV1alpha4     Name = "SpecsHTTPRouteGroupV1alpha4"
	SpecsHTTPRouteGroupV1alpha3     Name = "SpecsHTTPRouteGroupV1alpha3"
	SpecsHTTPRouteGroupV1alpha2     Name = "SpecsHTTPRouteGroupV1alpha2"
	SpecsHTTPRouteGroupV1alpha1     Name = "SpecsHTTPRouteGroupV1alpha1"
	SpecsHeadersV1alpha3            Name = "SpecsHeadersV1alpha3"
	SpecsHeadersV1alpha2            Name = "SpecsHeadersV1alpha2"
	SpecsTCPRouteV1alpha4           Name = "SpecsTCPRouteV1alpha4"
	SpecsTCPRouteV1alpha3           Name = "SpecsTCPRouteV1alpha3"
	SpecsTCPRouteV1alpha2           Name = "SpecsTCPRouteV1alpha2"
	SpecsTCPRouteV1alpha1           Name = "SpecsTCPRouteV1alpha1"
	SpecsUDPRouteV1alpha4           Name = "SpecsUDPRouteV1alpha4"
	SpecsMatchesKeptByOtherVersions Name = "SpecsMatchesKeptByOtherVersions"
)

func init() {
	add(SPECS, specsCore...)
	add(SPECS, specsCorners...)
	add(SPECS, specsOlder...)
}

var specsCore = []Feature{
	{SpecsPathRegex, "", Core, "A regex is used to match against the URI", specs4 + ", HTTPRouteGroup"},
	{SpecsPathAnchoredAtStart, "", Core, "[the regex] is anchored (^) to the beginning of the URI", specs4 + ", HTTPRouteGroup"},
	{SpecsMethodSpecific, "", Core, "Methods can either be specific (GET) or * to match all methods: a specific one", specs4 + ", HTTPRouteGroup"},
	{SpecsMethodAny, "", Core, "Methods can either be specific (GET) or * to match all methods: *", specs4 + ", HTTPRouteGroup"},
	{SpecsMethodsListed, "", Core, "a route that targets ... users that are issuing GET or HEAD requests: each method that is listed", specs4 + ", HTTP header filters"},
	{SpecsMethodHeadOfItsOwn, "", Core, "Methods can either be specific (GET) or *: GET does not stand for HEAD", specs4 + ", HTTPRouteGroup"},
	{SpecsMatchEverything, "", Core, "This example defines a single route that matches anything (.* and *)", specs4 + ", HTTPRouteGroup"},
	{SpecsMatchNameIsKey, "", Core, "The name is the primary key [of a match]", specs4 + ", HTTPRouteGroup"},
	{SpecsMatchesOr, "", Core, "It enumerates the routes that can be served by an application: what any of them matches", specs4 + ", HTTPRouteGroup"},
	{SpecsPathAndMethod, "", Core, "Path and methods of one match must both agree", specs4 + ", HTTPRouteGroup"},
	{SpecsHeaderRegex, "", Core, "the key is the name of the HTTP header and the value is a regex expression that defines the match condition for that header", specs4 + ", HTTP header filters"},
	{SpecsHeaderAbsent, "", Core, "A filter defines a match condition that's applied to incoming HTTP requests: one without the header does not match", specs4 + ", HTTP header filters"},
	{SpecsHeadersAnd, "", Core, "A route with multiple header filters represents an AND condition", specs4 + ", HTTP header filters"},
	{SpecsHeaderRoutesOr, "", Core, "multiple routes each with its own header filter represents an OR condition", specs4 + ", HTTP header filters"},
	{SpecsHeadersWithPathAndMethod, "", Core, "A route that targets a specific path and/or HTTP methods can contain header filters", specs4 + ", HTTP header filters"},
	{SpecsHeadersAlone, "", Core, "When pathRegex and methods are not defined, the header filters are applied to any path and all HTTP methods", specs4 + ", HTTP header filters"},
	{SpecsRoutesAlone, "", Core, "These specifications are not directly associated with applications: routes that no policy names allow nothing", specs4 + ", Tradeoffs"},
	{SpecsRoutesEdited, "", Core, "The policies themselves bind these routes to the applications: as the routes are now", specs4 + ", Tradeoffs"},
	{SpecsHTTPRouteGroupIsNotTCP, "", Core, "Each resource in this specification is meant to match 1:1 with a specific protocol: an HTTPRouteGroup opens no TCP port", specs4 + ", Specification"},
	{SpecsTCPRoutePorts, "", Core, "This resource is used to describe L4 TCP traffic for a list of ports", specs4 + ", TCPRoute"},
	{SpecsTCPRouteNoPorts, "", Core, "When matching ports are not specified, the TCP route will match all the ports of a Kubernetes service", specs4 + ", TCPRoute"},
	{SpecsHTTPRouteGroupV1alpha4, "", Core, "API Version: v1alpha4 of HTTPRouteGroup is served", specs4},
	{SpecsTCPRouteV1alpha4, "", Core, "API Version: v1alpha4 of TCPRoute is served", specs4},
}

var specsCorners = []Feature{
	{SpecsPathOpenAtEnd, "", Extended, "[the regex] is anchored (^) to the beginning of the URI: and not to its end", specs4 + ", HTTPRouteGroup"},
	{SpecsPathAlternatives, "", Extended, "[the regex] is anchored (^) to the beginning of the URI: each of its alternatives", specs4 + ", HTTPRouteGroup"},
	{SpecsPathWithQuery, "", Extended, "A regex is used to match against the URI: a query after the path does not hinder it", specs4 + ", HTTPRouteGroup"},
	{SpecsHeaderNameAnyCase, "", Extended, "the key is the name of the HTTP header: which has no case", specs4 + ", HTTP header filters"},
	{SpecsHeadersList, "", Extended, "A route definition can specify a list of HTTP header filters: written as a list of maps, as the specification did before", specs4 + ", HTTP header filters"},
	{SpecsRoutesShared, "", Extended, "used by higher level policies: several policies may name the same routes", specs4 + ", Tradeoffs"},
	{SpecsHTTP2, "", Extended, "This resource is used to describe HTTP/1 and HTTP/2 traffic: HTTP/2", specs4 + ", HTTPRouteGroup"},
	{SpecsGRPC, "", Extended, "gRPC ... HTTPRouteGroup can be used in the interim", specs4 + ", Out of scope"},
	{SpecsTCPRouteEdited, "", Extended, "L4 TCP traffic for a list of ports: as the list is now", specs4 + ", TCPRoute"},
	{SpecsTCPRoutesAdd, "", Extended, "L4 TCP traffic for a list of ports: the ports of several routes of one target add up", specs4 + ", TCPRoute"},
	{SpecsTCPRouteIsNotUDP, "", Extended, "Each resource in this specification is meant to match 1:1 with a specific protocol: a TCPRoute opens no UDP port", specs4 + ", Specification"},
	{SpecsUDPRoutePorts, "", Extended, "This resource is used to describe L4 UDP traffic for a list of ports", specs4 + ", UDPRoute"},
	{SpecsUDPRouteNoPorts, "", Extended, "When matching ports are not specified, the UDP route will match all the ports of a Kubernetes service", specs4 + ", UDPRoute"},
	{SpecsUDPRouteIsNotTCP, "", Extended, "Each resource in this specification is meant to match 1:1 with a specific protocol: a UDPRoute opens no TCP port", specs4 + ", Specification"},
	{SpecsUDPRouteV1alpha4, "", Extended, "API Version: v1alpha4 of UDPRoute is served", specs4},
}

var specsOlder = []Feature{
	{SpecsHTTPRouteGroupV1alpha3, "", Extended, "Version: v1alpha3 of HTTPRouteGroup is served, and means what it says", specs3 + ", HTTPRouteGroup"},
	{SpecsHTTPRouteGroupV1alpha2, "", Extended, "Version: v1alpha2 of HTTPRouteGroup is served, and means what it says", specs2 + ", HTTPRouteGroup"},
	{SpecsHTTPRouteGroupV1alpha1, "", Extended, "v1alpha1 of HTTPRouteGroup is served, and means what it says", specs1 + ", HTTPRouteGroup"},
	{SpecsHeadersV1alpha3, "", Extended, "A route definition can specify a list of HTTP header filters", specs3 + ", HTTP header filters"},
	{SpecsHeadersV1alpha2, "", Extended, "A route definition can specify a list of HTTP header filters", specs2 + ", HTTP header filters"},
	{SpecsTCPRouteV1alpha3, "", Extended, "It is a simple route which configures an application to receive raw non protocol specific traffic (spec: {})", specs3 + ", TCPRoute"},
	{SpecsTCPRouteV1alpha2, "", Extended, "It is a simple route which configures an application to receive raw non protocol specific traffic", specs2 + ", TCPRoute"},
	{SpecsTCPRouteV1alpha1, "", Extended, "It is a simple route which configures an application to receive raw non protocol specific traffic", specs1 + ", TCPRoute"},
	{SpecsMatchesKeptByOtherVersions, "", Extended, "It enumerates the routes that can be served by an application: also after the object was read and written in another served version", specs2 + ", HTTPRouteGroup"},
}
