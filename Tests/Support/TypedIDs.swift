import JobContract
import Primitives

// Tests make ids of numbers and games. Only tests: in the program an interpolation could put one id into another.
extension JobID: ExpressibleByStringInterpolation {}
extension GameID: ExpressibleByStringInterpolation {}
extension NodeID: ExpressibleByStringInterpolation {}
extension ContainerID: ExpressibleByStringInterpolation {}
