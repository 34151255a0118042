// swift-tools-version: 6.2
import PackageDescription

/// Whether the fuzzers are built (`Tests/fuzz`) instead of the tests.
let isFuzzing = Context.environment["RTM_FUZZ"] == "1"
let sanitizers = ["-sanitize=fuzzer,address"]

/// The commit that a release names. It is compiled into the module Commands only, so that a new commit compiles little.
let commit = Context.environment["RTM_COMMIT"].map { SwiftSetting.unsafeFlags(["-Xcc", "-DRTM_COMMIT=\"\($0)\""]) }

/// Settings of every target of ours. Dependencies keep their own.
let strict: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (isFuzzing ? [.unsafeFlags(sanitizers + ["-O", "-assert-config", "Debug"])] : [])

/// Settings of the modules in which a simulation spends its time: optimised in debug builds, too, with their checks.
let optimized: [SwiftSetting] =
    strict + (isFuzzing ? [] : [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))])

/// Settings of the programs. Their relocations take half a megabyte instead of one and a half. The loader reads all of
/// them, and they stay in memory. The loader is that of glibc 2.36 or later. Debian's gold cannot pack them.
let packed: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"],
        .when(platforms: [.linux])
    )
]

/// Fuzz targets, as a test of their corpus and as a program that looks for more.
let fuzzTests: Target = {
    let modules: [Target.Dependency] = [
        "DockerEngine", "DockerPort", "JobContract", "Primitives", "Redis", "RuntimeCore",
        .product(name: "NIOCore", package: "swift-nio"),
    ]
    guard isFuzzing else {
        return .testTarget(
            name: "FuzzTests",
            dependencies: modules,
            exclude: ["Corpus", "LibFuzzer.swift"],
            swiftSettings: strict
        )
    }
    return .executableTarget(
        name: "fuzz",
        dependencies: modules,
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
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationEssentialsCompat", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

/// One module of `Sources`, or the target of tests beside it.
struct Module {
    /// Its folder.
    var name: String
    /// The modules of ours that it may import. `Tests/Tidy` holds each file to this line.
    var imports: [String]
    /// Libraries of others.
    var libraries: [Target.Dependency] = []
    /// Whether a debug build optimises the module, because a simulation spends its time there.
    var isOptimized = false

    var dependencies: [Target.Dependency] { imports.map { .init(stringLiteral: $0) } + libraries }
    var settings: [SwiftSetting] { isOptimized ? optimized : strict }
}

/// The modules, each above those that it may import.
let modules: [Module] = [
    Module(name: "Primitives", imports: ["CLibcrypto"], isOptimized: true),
    Module(
        name: "Redis",
        imports: ["CHiredis", "Primitives"],
        libraries: [nioCore, nioPosix, nioSSL, logging, lifecycle, deque]
    ),
    Module(name: "DockerPort", imports: ["Primitives"], isOptimized: true),
    Module(
        name: "DockerEngine",
        imports: ["DockerPort", "Primitives"],
        libraries: [asyncHTTPClient, logging, metrics, nioCore, nioFoundation, nioHTTP1, nioPosix, nioSSL, subprocess]
    ),
    Module(name: "JobContract", imports: ["Primitives"]),
    Module(
        name: "RuntimeCore",
        imports: ["DockerPort", "JobContract", "Primitives"],
        isOptimized: true
    ),
    Module(
        name: "JobQueue",
        imports: ["CQueueFunctions", "JobContract", "Primitives", "Redis"],
        libraries: [logging]
    ),
    Module(name: "QueueAdmin", imports: ["JobContract", "JobQueue", "Primitives", "Redis"]),
    Module(
        name: "Runtime",
        imports: ["DockerPort", "JobContract", "JobQueue", "Primitives", "Redis", "RuntimeCore"],
        libraries: [lifecycle, logging, metrics, nioCore, nioPosix, tracing],
        isOptimized: true
    ),
    Module(name: "RuntimeClient", imports: ["JobContract", "Primitives", "Redis"], libraries: [logging]),
    Module(name: "Terminal", imports: ["Primitives"]),
    Module(
        name: "Observability",
        imports: ["Primitives", "Terminal"],
        libraries: [asyncHTTPClient, hummingbird, lifecycle, logging, metrics, nioCore, nioHTTP1, tracing]
    ),
    Module(
        name: "Settings",
        imports: ["DockerPort", "JobContract", "Observability", "Primitives", "Redis", "RuntimeCore", "Terminal"],
        libraries: [configuration, logging]
    ),
    Module(
        name: "Pages",
        imports: ["JobContract", "JobQueue", "Primitives", "QueueAdmin", "RuntimeClient", "RuntimeCore", "Terminal"]
    ),
    Module(
        name: "Diagnostics",
        imports: [
            "DockerEngine", "DockerPort", "JobContract", "JobQueue", "Pages", "Primitives", "QueueAdmin", "Redis",
            "RuntimeCore", "Settings", "Terminal",
        ],
        libraries: [logging]
    ),
    Module(
        name: "AdminServer",
        imports: [
            "Diagnostics", "JobContract", "JobQueue", "Observability", "Pages", "Primitives", "QueueAdmin",
            "RuntimeClient", "Terminal",
        ],
        libraries: [
            httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, metrics, nioCore, nioHTTP1,
            nioHTTPTypes,
        ]
    ),
    Module(
        name: "Commands",
        imports: [
            "AdminServer", "CBuildInfo", "Diagnostics", "DockerEngine", "DockerPort", "JobContract", "JobQueue",
            "Observability", "Pages", "Primitives", "QueueAdmin", "Redis", "Runtime", "RuntimeClient", "RuntimeCore",
            "Settings", "Terminal",
        ],
        libraries: [argumentParser, lifecycle, logging, metrics, subprocess, systemPackage, unixSignals]
    ),
]

/// The programs. `rtmanager-bench` is for development: no product contains it.
let programs: [Module] = [
    Module(name: "rtmanager", imports: ["Commands"]),
    Module(
        name: "rtmanager-bench",
        imports: [
            "AdminServer", "Commands", "DockerEngine", "DockerPort", "JobContract", "JobQueue", "Observability",
            "Primitives", "Redis", "Runtime", "RuntimeCore", "Settings", "Terminal",
        ],
        libraries: [argumentParser, lifecycle, logging, subprocess, systemPackage]
    ),
]

/// What tests of one module need besides it.
let moduleTests: [Module] = [
    Module(name: "Primitives", imports: []),
    Module(name: "Redis", imports: ["Primitives", "Support"], libraries: [nioCore, nioPosix, logging]),
    Module(name: "DockerPort", imports: ["Primitives"]),
    Module(
        name: "DockerEngine",
        imports: ["DockerPort", "Primitives", "Support"],
        libraries: [asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, logging]
    ),
    Module(name: "JobContract", imports: ["Primitives", "Support"]),
    Module(name: "RuntimeCore", imports: ["DockerPort", "JobContract", "Primitives"]),
    Module(
        name: "JobQueue",
        imports: ["JobContract", "Models", "Primitives", "QueueAdmin", "Redis", "Support"],
        libraries: [logging]
    ),
    Module(
        name: "Runtime",
        imports: ["DockerPort", "JobContract", "JobQueue", "Models", "Primitives", "Redis", "RuntimeCore", "Support"],
        libraries: [lifecycle, logging, nioCore, nioPosix]
    ),
    Module(
        name: "RuntimeClient",
        imports: ["JobContract", "Primitives", "Redis", "Support"],
        libraries: [logging]
    ),
    Module(name: "Terminal", imports: ["Primitives", "Support"]),
    Module(
        name: "Observability",
        imports: ["Primitives", "Support", "Terminal"],
        libraries: [asyncHTTPClient, lifecycle, logging, metrics, nioCore, nioHTTP1, nioPosix, tracing]
    ),
    Module(
        name: "Settings",
        imports: ["DockerPort", "JobContract", "Primitives", "Redis", "RuntimeCore", "Support", "Terminal"]
    ),
    Module(
        name: "Pages",
        imports: [
            "JobContract", "JobQueue", "Primitives", "QueueAdmin", "RuntimeClient", "RuntimeCore", "Support",
            "Terminal",
        ]
    ),
    Module(
        name: "AdminServer",
        imports: [
            "JobContract", "JobQueue", "Observability", "Pages", "Primitives", "QueueAdmin", "Redis", "RuntimeClient",
            "RuntimeCore", "Support", "Terminal",
        ],
        libraries: [
            asyncHTTPClient, hummingbird, lifecycle, logging, metrics, nioCore, nioEmbedded, nioHTTP1, nioHTTPTypes,
            nioPosix,
        ]
    ),
    Module(
        name: "Diagnostics",
        imports: [
            "DockerPort", "JobContract", "JobQueue", "Primitives", "QueueAdmin", "Redis", "RuntimeCore", "Settings",
            "Support", "Terminal",
        ]
    ),
    Module(
        name: "Commands",
        imports: [
            "AdminServer", "Diagnostics", "DockerEngine", "DockerPort", "JobContract", "JobQueue", "Observability",
            "Pages", "Primitives", "QueueAdmin", "Redis", "Runtime", "RuntimeClient", "RuntimeCore", "Settings",
            "Support", "Terminal",
        ],
        libraries: [argumentParser, lifecycle, logging, metrics]
    ),
    Module(
        name: "rtmanager-bench",
        imports: ["DockerPort", "JobContract", "JobQueue", "Primitives", "Redis", "Support", "Terminal"],
        libraries: [argumentParser]
    ),
]

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
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.6.0"),
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
        // What a release says of itself: headers without a library.
        .systemLibrary(name: "CBuildInfo"),
        .systemLibrary(
            name: "CHiredis",
            providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"])]
        ),
        .systemLibrary(
            name: "CLibcrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl"])]
        ),
        // The Lua files of JobQueue as a text in the program.
        .target(name: "CQueueFunctions"),
        // What tests share: fakes, rigs that start private servers, conformance suites.
        .target(
            name: "Support",
            dependencies: [
                "QueueAdmin",
                "DockerPort", "JobContract", "JobQueue", "Models", "Primitives", "Redis", "RuntimeCore", logging,
                nioCore, nioHTTP1, nioPosix,
            ],
            path: "Tests/Support",
            swiftSettings: strict
        ),
        // What the simulation shares with other tests.
        .target(
            name: "Models",
            dependencies: ["JobContract", "JobQueue", "Primitives"],
            path: "Tests/Models",
            swiftSettings: optimized
        ),
    ]
        + modules.map { module in
            .target(
                name: module.name,
                dependencies: module.dependencies,
                exclude: module.name == "JobQueue" ? ["Lua"] : [],
                swiftSettings: module.settings + (module.name == "Commands" ? [commit].compactMap { $0 } : [])
            )
        }
        + programs.map { program in
            .executableTarget(
                name: program.name,
                dependencies: program.dependencies,
                swiftSettings: strict,
                linkerSettings: packed
            )
        }
        + moduleTests.map { module in
            .testTarget(
                name: module.name + "Tests",
                dependencies: [.init(stringLiteral: module.name)] + module.dependencies,
                exclude: module.name == "DockerEngine" ? ["Fixtures"] : [],
                swiftSettings: strict
            )
        }
        + [
            .testTarget(
                name: "EndToEnd",
                dependencies: [
                    "QueueAdmin", "Diagnostics",
                    "DockerEngine", "DockerPort", "JobContract", "JobQueue", "Models", "Redis", "Support", "Primitives",
                    logging,
                ],
                swiftSettings: strict
            ),
            .testTarget(
                name: "Faults",
                dependencies: ["JobContract", "Models", "Redis", "Runtime", "Support", "Primitives", logging],
                swiftSettings: strict
            ),
            .testTarget(
                name: "SimulationTests",
                dependencies: [
                    "QueueAdmin",
                    "DockerPort", "JobContract", "JobQueue", "Models", "Redis", "Runtime", "RuntimeCore", "Support",
                    "Primitives", logging,
                ],
                swiftSettings: optimized
            ),
            .testTarget(
                name: "Benchmarks",
                dependencies: [
                    "QueueAdmin",
                    "DockerPort", "JobContract", "JobQueue", "Redis", "RuntimeCore", "Support", logging,
                    nioCore,
                ],
                swiftSettings: strict
            ),
            .testTarget(name: "SupportTests", dependencies: ["Support"], swiftSettings: strict),
            .testTarget(name: "Tidy", swiftSettings: strict),
            fuzzTests,
        ]
)
