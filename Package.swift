// swift-tools-version: 6.2
import Foundation
import PackageDescription

// A room a target: each knows its own thing and imports only what stands below it.
// Tests/LayeringTests reads every `import` line and fails on one that this table does not allow.

/// CI builds with warnings as errors; a person's newer compiler must not fail on a new warning.
let strict: [SwiftSetting] =
    ProcessInfo.processInfo.environment["REDRAW_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], settings: [SwiftSetting] = strict) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: ["Fixtures"], swiftSettings: settings)
}

/// What is tested is the optimised program. The lines of tests that compute nothing themselves are run once, and optimising them would take
/// longer than running them; those that work a reference out, number by number, are the other way round.
let unoptimised = strict + [SwiftSetting.unsafeFlags(["-Onone"])]

/// `REDRAW_ROOM=Pixels swift test` builds that room's tests and what stands below it, and nothing else: minutes become seconds.
func limit(_ package: Package, to room: String) {
    var wanted: Set<String> = []
    func want(_ name: String) {
        guard wanted.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { return }
        for dependency in target.dependencies {
            switch dependency {
            case .byNameItem(let name, _), .targetItem(let name, _): want(name)
            case .productItem(_, let name?, _, _): wanted.insert("package " + name)
            default: break
            }
        }
    }
    want(room)
    want(room + "Tests")
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products.removeAll { !wanted.contains($0.name) }
    package.dependencies.removeAll { dependency in
        guard case .sourceControl(_, let location, _) = dependency.kind else { return false }
        return !wanted.contains("package " + (location.split(separator: "/").last.map(String.init) ?? location))
    }
}

let package = Package(
    name: "redraw",
    products: [
        .executable(name: "redraw", targets: ["redraw"]),
        .executable(name: "analyze", targets: ["analyze"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    ],
    targets: [
        .target(name: "CKernels"),
        .target(name: "CProcessors"),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(name: "CTurboJPEG", linkerSettings: [.linkedLibrary("turbojpeg")]),
        .target(name: "CWebP", linkerSettings: [.linkedLibrary("webp"), .linkedLibrary("webpdemux")]),
        .target(name: "CZlib", linkerSettings: [.linkedLibrary("z")]),
        .target(name: "CLCMS", linkerSettings: [.linkedLibrary("lcms2")]),
        .target(name: "CHEIF", linkerSettings: [.linkedLibrary("heif")]),
        .target(name: "CTIFF", linkerSettings: [.linkedLibrary("tiff")]),
        .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        room("Threads", ["CProcessors"]),
        room("Digests", ["CCrypto"]),
        room("JSONReading", []),
        room("Tensors", ["Threads", "CKernels", "COpenBLAS"]),
        room("Pixels", ["Threads", "CPNG", "CTurboJPEG", "CWebP", "CZlib", "CLCMS", "CHEIF", "CTIFF"]),
        room("Checkpoints", ["JSONReading", "Tensors"]),
        room("Layers", ["Checkpoints", "Tensors"]),
        room("Encoders", ["Layers", "Checkpoints", "JSONReading", "Tensors", "Pixels"]),
        room("Vocabulary", ["Digests"]),
        room("Catalog", ["Digests"]),
        room("Analysis", ["Encoders", "Vocabulary", "Catalog", "JSONReading", "Tensors", "Pixels"]),
        room("Screening", ["Vocabulary", "JSONReading", .product(name: "GRDB", package: "GRDB.swift")]),
        room("Diffusion", ["Encoders", "Layers", "Checkpoints", "Tensors", "Pixels"]),
        room(
            "Engines",
            [
                "Diffusion", "Encoders", "Pixels", .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        room(
            "Studio",
            [
                "Engines", "Analysis", "Screening", "Diffusion", "Catalog", "Vocabulary", "Encoders", "Checkpoints", "Tensors",
                "JSONReading", "Pixels", "Threads", "Digests",
            ]),
        // The page's files are read as files, wherever Redraw's data stand: see Installation.page.
        .target(
            name: "StudioWeb", dependencies: ["Studio", .product(name: "Hummingbird", package: "hummingbird")], exclude: ["Page"],
            swiftSettings: strict),
        room("Commands", ["Studio", "StudioWeb", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(name: "redraw", dependencies: ["Commands"], swiftSettings: strict),
        .executableTarget(name: "analyze", dependencies: ["Commands"], swiftSettings: strict),

        // Fixtures are read from the checkout by path (see TestSupport), so they are no bundle resources.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        // `make fuzz`: every reader of strangers' files, fed with damaged ones.
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "StudioWeb", "Studio", "Engines", "Analysis", "Catalog", "Checkpoints", "Diffusion", "Encoders", "Pixels", "Screening",
                "Vocabulary", "TestSupport",
            ], path: "Tests/Fuzz", swiftSettings: unoptimised),
        tests("LayeringTests", [], settings: unoptimised),
        tests("JSONReadingTests", ["JSONReading"], settings: unoptimised),
        tests("DigestsTests", ["Digests"], settings: unoptimised),
        tests("TensorsTests", ["Tensors", "CKernels"]),
        tests("PixelsTests", ["Pixels", "Threads"]),
        tests("CheckpointsTests", ["Checkpoints", "Tensors"]),
        tests("LayersTests", ["Layers", "Checkpoints", "Tensors"]),
        tests("EncodersTests", ["Encoders", "Checkpoints", "Tensors", "Pixels"]),
        tests("VocabularyTests", ["Vocabulary"], settings: unoptimised),
        tests("CatalogTests", ["Catalog"], settings: unoptimised),
        tests("AnalysisTests", ["Analysis", "Encoders", "Vocabulary", "Catalog", "Pixels"], settings: unoptimised),
        tests("ScreeningTests", ["Screening", "Vocabulary"], settings: unoptimised),
        tests("DiffusionTests", ["Diffusion", "Encoders", "Layers", "Checkpoints", "Tensors", "Pixels"]),
        tests("EnginesTests", ["Engines", "Diffusion", "Pixels"], settings: unoptimised),
        tests(
            "StudioTests", ["Studio", "Engines", "Analysis", "Screening", "Diffusion", "Pixels", "Catalog", "Vocabulary", "Encoders"],
            settings: unoptimised),
        tests(
            "StudioWebTests",
            ["StudioWeb", "Studio", "Screening", "Pixels", .product(name: "HummingbirdTesting", package: "hummingbird")],
            settings: unoptimised),
        tests("CommandsTests", ["Commands", "redraw", "analyze", "Diffusion", "Screening", "Pixels"], settings: unoptimised),
        // The page in a real browser, served by the built program.
        tests("PageTests", ["redraw", "Pixels"], settings: unoptimised),
    ],
    swiftLanguageModes: [.v6]
)

if let room = ProcessInfo.processInfo.environment["REDRAW_ROOM"] {
    limit(package, to: room)
}
