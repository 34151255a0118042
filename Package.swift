// swift-tools-version: 6.2
import PackageDescription

/// Whether the fuzzers are built (`Tests/fuzz`) instead of the tests.
let isFuzzing = Context.environment["RTM_FUZZ"] == "1"
let sanitizers = ["-sanitize=fuzzer,address"]

/// Settings of every target of ours. Dependencies keep their own.
let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (isFuzzing ? [.unsafeFlags(sanitizers + ["-O", "-assert-config", "Debug"])] : [])

/// Of what the simulation runs and no library of ours is made of: optimised while it is tested, too, with its checks.
let optimized: [SwiftSetting] =
    strict + (isFuzzing ? [] : [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))])

/// Fuzz targets, as a test of their corpus and as a program that looks for more.
let fuzzTests: Target = {
    let rooms: [Target.Dependency] = [
        "DockerEngine", "DockerPort", "JobContract", "Redis", "RuntimeCore", "Timestamps",
        .product(name: "NIOCore", package: "swift-nio"),
    ]
    guard isFuzzing else {
        return .testTarget(
            name: "FuzzTests",
            dependencies: rooms,
            exclude: ["Corpus", "LibFuzzer.swift"],
            swiftSettings: strict
        )
    }
    return .executableTarget(
        name: "fuzz",
        dependencies: rooms,
        path: "Tests/FuzzTests",
        exclude: ["Corpus", "ReplayTests.swift"],
        swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
        // Debian's gold cannot link what the sanitizer has made.
        linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"])]
    )
}()

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationEssentialsCompat", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "rtmanager",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "rtmanager", targets: ["rtmanager"]),
        .library(name: "RuntimeClient", targets: ["RuntimeClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(
            name: "CHiredis",
            providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]
        ),
        // Leaf: one point in time with nanoseconds, and its RFC 3339 text.
        .target(name: "Timestamps", swiftSettings: strict),
        // Leaf: labels by name, compared by bytes. DockerPort and JobContract export it.
        .target(name: "Labels", swiftSettings: strict),
        .target(
            name: "Redis",
            dependencies: ["CHiredis", nioCore, nioPosix, nioSSL, logging, lifecycle, crypto, deque],
            swiftSettings: strict
        ),
        .target(name: "DockerPort", dependencies: ["Labels", "Timestamps"], swiftSettings: optimized),
        .target(
            name: "DockerEngine",
            dependencies: [
                "DockerPort", "Timestamps", asyncHTTPClient, nioCore, nioFoundation, nioHTTP1, nioPosix, nioSSL,
                logging, subprocess,
            ],
            swiftSettings: strict
        ),
        .target(name: "JobContract", dependencies: ["Labels", "Timestamps", crypto], swiftSettings: strict),
        .target(
            name: "RuntimeCore",
            dependencies: ["DockerPort", "JobContract", "Timestamps", crypto],
            swiftSettings: optimized
        ),
        .target(
            name: "JobQueue",
            dependencies: ["Redis", "JobContract", "Timestamps", logging],
            resources: [.embedInCode("Lua")],
            swiftSettings: optimized
        ),
        .target(
            name: "Runtime",
            dependencies: [
                "RuntimeCore", "JobQueue", "JobContract", "DockerPort", "Redis", "Timestamps",
                lifecycle, logging, metrics, nioCore, nioPosix, tracing,
            ],
            swiftSettings: optimized
        ),
        .target(
            name: "RuntimeClient",
            dependencies: ["JobContract", "Redis", "Timestamps", logging],
            swiftSettings: strict
        ),
        .target(
            name: "Console",
            dependencies: [
                asyncHTTPClient, hummingbird, hummingbirdCore, lifecycle, logging, metrics, nioCore, nioHTTP1,
                nioHTTPTypes,
                tracing,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "rtmanager",
            dependencies: [
                "Console", "DockerEngine", "DockerPort", "JobContract", "JobQueue", "Redis", "Runtime",
                "RuntimeClient", "RuntimeCore", "Timestamps", argumentParser, configuration, lifecycle,
                logging, metrics, subprocess, systemPackage, unixSignals,
            ],
            swiftSettings: strict
        ),
        // What tests share: fakes, rigs that start private servers, conformance suites.
        .target(
            name: "Support",
            dependencies: [
                "DockerPort", "JobContract", "JobQueue", "Redis", "RuntimeCore", "Timestamps", crypto, logging, nioCore,
                nioHTTP1, nioPosix,
            ],
            path: "Tests/Support",
            swiftSettings: optimized
        ),
    ]
        + [
            ("Timestamps", []),
            ("Labels", []),
            ("Redis", ["Support", nioCore, nioPosix, logging]),
            ("DockerPort", ["Timestamps"]),
            (
                "DockerEngine",
                ["DockerPort", "Timestamps", "Support", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, logging]
            ),
            ("JobContract", ["Support", "Timestamps", crypto]),
            (
                "Console",
                [
                    "Support", asyncHTTPClient, hummingbird, lifecycle, logging, metrics, nioCore, nioHTTP1, nioPosix,
                    tracing,
                ]
            ),
            ("RuntimeClient", ["JobContract", "Redis", "Support", "Timestamps", logging]),
            ("RuntimeCore", ["DockerPort", "JobContract", "Timestamps"]),
            ("JobQueue", ["Redis", "JobContract", "Support", "Timestamps", logging]),
            (
                "Runtime",
                [
                    "DockerPort", "JobContract", "JobQueue", "Redis", "RuntimeCore", "Support", "Timestamps", lifecycle,
                    logging, nioCore, nioPosix,
                ]
            ),
            (
                "rtmanager",
                [
                    "Console", "DockerPort", "JobContract", "JobQueue", "Redis", "Runtime", "RuntimeClient",
                    "RuntimeCore", "Support", "Timestamps", argumentParser, logging, metrics,
                ]
            ),
        ].map { (room: String, dependencies: [Target.Dependency]) in
            .testTarget(
                name: room + "Tests",
                dependencies: [.init(stringLiteral: room)] + dependencies,
                exclude: room == "DockerEngine" ? ["Fixtures"] : [],
                swiftSettings: strict
            )
        }
        + [
            .testTarget(
                name: "EndToEnd",
                dependencies: [
                    "DockerEngine", "DockerPort", "JobContract", "JobQueue", "Redis", "Support", "Timestamps", logging,
                ],
                swiftSettings: strict
            ),
            .testTarget(
                name: "Faults",
                dependencies: ["JobContract", "Redis", "Runtime", "Support", "Timestamps", logging],
                swiftSettings: strict
            ),
            .testTarget(
                name: "SimulationTests",
                dependencies: [
                    "DockerPort", "JobContract", "JobQueue", "Redis", "Runtime", "RuntimeCore", "Support", "Timestamps",
                    logging,
                ],
                swiftSettings: optimized
            ),
            .testTarget(
                name: "Benchmarks",
                dependencies: [
                    "DockerPort", "JobContract", "JobQueue", "Redis", "RuntimeCore", "Support", crypto, logging,
                    nioCore,
                ],
                swiftSettings: strict
            ),
            .testTarget(name: "Tidy", swiftSettings: strict),
            fuzzTests,
        ]
)
