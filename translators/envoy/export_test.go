package envoy

// BinaryForTest is for the tests that see the package from outside.
var BinaryForTest = envoyBinary
