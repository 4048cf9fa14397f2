import Testing

@testable import Analysis

/// Graphs as ComfyUI draws them, with graphs within and nodes that only hand on.
@Suite struct DrawnGraphTests {
    private func recovered(_ graph: String) -> RecoveredPrompt? { RecoveredPrompts.find(in: ["workflow": graph], isPNG: true).first }

    /// A node `10` that stands for a graph within, whose sampler `3` is told by `4` and `5`.
    ///
    /// - Parameters:
    ///   - node: what it has besides its inputs.
    ///   - entries: of the graph within; the one numbered `slot` leads to the encoder's text.
    private func within(
        _ node: String = #""mode": 0"#, inputs: String = "",
        entries: String = #"{"name": "words", "type": "STRING"}, {"name": "picture", "type": "IMAGE"}"#, slot: Int = 0
    ) -> RecoveredPrompt? {
        recovered(
            """
            {"nodes": [{"id": 10, "type": "g", "inputs": [\(inputs)], \(node)}, {"id": 11, "type": "PrimitiveStringMultiline",
             "widgets_values": ["from outside"]}, {"id": 12, "type": "SaveImage", "inputs": [{"name": "images", "link": 8}]}],
             "links": [[8, 10, 0, 12, 0, "IMAGE"], [9, 11, 0, 10, 0, "STRING"]],
             "definitions": {"subgraphs": [{"id": "g", "inputs": [\(entries)], "nodes": [
              {"id": 4, "type": "CLIPTextEncode", "inputs": [{"name": "text", "widget": {"name": "text"}, "link": 1}],
               "widgets_values": ["kept inside"]},
              {"id": 5, "type": "CLIPTextEncode", "widgets_values": ["fog"]},
              {"id": 3, "type": "KSampler", "inputs": [{"name": "positive", "link": 2}, {"name": "negative", "link": 3}],
               "widgets_values": [7, "fixed", 12, 5, "euler", "normal", 1]}],
              "links": [{"id": 1, "origin_id": -10, "origin_slot": \(slot), "target_id": 4, "target_slot": 0},
               {"id": 2, "origin_id": 4, "origin_slot": 0, "target_id": 3, "target_slot": 0},
               {"id": 3, "origin_id": 5, "origin_slot": 0, "target_id": 3, "target_slot": 1},
               {"id": 4, "origin_id": 3, "origin_slot": 0, "target_id": -20, "target_slot": 0}]}]}}
            """)
    }

    /// The value that counts is the one nearest to the outside: what is linked to the node, what the node keeps itself, what it keeps for a node
    /// within, and at last what that one has.
    @Test func valuesOfGraphsWithinAreFoundWhereTheyAreKept() throws {
        let inside = try #require(within(#""widgets_values": []"#))
        #expect((inside.positive, inside.negative, inside.seed, inside.steps) == ("kept inside", "fog", 7, 12))
        #expect(within(inputs: #"{"name": "words", "link": 9}"#)?.positive == "from outside")
        let own = #""properties": {"proxyWidgets": [["-1", "words"], ["3", "seed"], ["3", "control_after_generate"], ["3", "steps"]]}"#
        let shown = try #require(within(own + #", "widgets_values": ["its own", 99, null, 20]"#))
        #expect((shown.positive, shown.seed, shown.steps) == ("its own", 99, 20))
        let kept = #""properties": {"proxyWidgets": [["4", "text"], ["3", "seed"]]}, "widgets_values": []"#
        #expect(within(kept)?.positive == "kept inside" && within(kept)?.seed == 7)
        // In the order of the graph's entries that are no links, though the node has no input for them.
        let entries = #"{"name": "cfg", "type": "FLOAT"}, {"name": "picture", "type": "IMAGE"}, {"name": "words", "type": "STRING"}"#
        #expect(within(#""widgets_values": [4.5, "in order"]"#, entries: entries, slot: 2)?.positive == "in order")
        // What stands at the same number among the inputs is another thing, unless there are as many.
        #expect(within(inputs: #"{"name": "picture", "link": 9}"#, entries: entries, slot: 2)?.positive == "kept inside")
        let renamed = #"{"name": "text", "link": 9}, {"name": "image"}"#
        #expect(within(inputs: renamed)?.positive == "from outside")
    }

    /// The graph that ComfyUI runs: the encoder `6`'s text comes from `8`, the sampler's sides from `positive` and `negative`.
    private func run(_ nodes: String, positive: String = #"["6", 0]"#, negative: String = #"["7", 0]"#) -> RecoveredPrompt? {
        RecoveredPrompts.find(
            in: [
                "prompt": """
                {"3": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 2, "positive": \(positive), "negative": \(negative)}},
                 "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["8", 0]}}, "7": {"class_type": "CLIPTextEncode",
                 "inputs": {"text": "fog"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}}, \(nodes)}
                """
            ], isPNG: true
        ).first
    }

    /// A switch hands on what it is set to, a preview what it shows; words that a language model was to make of others are not in the file.
    @Test func nodesThatHandOnAreSeenThrough() {
        let texts =
            #""20": {"class_type": "PrimitiveString", "inputs": {"value": "one"}}, "21": {"class_type": "PrimitiveString", "inputs": {"value": "two"}}"#
        func set(_ value: String, on: String = #"["21", 0]"#) -> String? {
            run(
                #""8": {"class_type": "PreviewAny", "inputs": {"source": ["10", 0]}}, "10": {"class_type": "ComfySwitchNode", "inputs": "#
                    + #"{"switch": \#(value), "on_false": ["20", 0], "on_true": \#(on)}}, "22": {"class_type": "PrimitiveBoolean", "#
                    + #""inputs": {"value": true}}, "23": {"class_type": "TextGenerate", "inputs": {"prompt": "Expand this"}}, \#(texts)"#
            )?.positive
        }
        #expect(set("false") == "one" && set("true") == "two" && set(#"["22", 0]"#) == "two" && set(#"["99", 0]"#) == "one")
        #expect(set("true", on: #"["23", 0]"#) == "one" && set("true", on: #"["10", 0]"#) == "")
        let sides =
            #""8": {"class_type": "Empty", "inputs": {}}, "10": {"class_type": "ComfySwitchNode", "inputs": {"switch": true, "on_true": ["11", 0]}}"#
        #expect(
            run(sides + #", "11": {"class_type": "CLIPTextEncode", "inputs": {"text": "by a switch"}}"#, positive: #"["10", 0]"#)?.positive
                == "by a switch")
    }

    @Test func encodersOfBothSidesAndGuidersOfThreeAreKnown() {
        let both = #""8": {"class_type": "TextEncodeBoth", "inputs": {"prompt": "a boat", "negative_prompt": "mist"}}"#
        let asked = run(both, positive: #"["8", 0]"#, negative: #"["8", 1]"#)
        #expect(asked?.positive == "a boat" && asked?.negative == "mist")
        let edit = run(
            #""8": {"class_type": "TextEncodeEdit", "inputs": {"prompt": "a boat"}}"#, positive: #"["8", 0]"#, negative: #"["8", 1]"#)
        #expect(edit?.positive == "a boat" && edit?.negative == "")
        let guided = recovered(
            """
            {"nodes": [{"id": 1, "type": "SamplerCustomAdvanced", "inputs": [{"name": "guider", "link": 1}, {"name": "noise", "link": 4}]},
             {"id": 2, "type": "DualCFGGuider", "inputs": [{"name": "cond1", "link": 2}, {"name": "cond2", "link": 3}, {"name": "negative", "link": 3}]},
             {"id": 3, "type": "CLIPTextEncode", "widgets_values": ["a boat"]}, {"id": 4, "type": "CLIPTextEncode", "widgets_values": ["mist"]},
             {"id": 5, "type": "RandomNoise", "widgets_values": [5, "fixed"]}],
             "links": [[1, 2, 0, 1, 0], [2, 3, 0, 2, 0], [3, 4, 0, 2, 1], [4, 5, 0, 1, 1]]}
            """)
        #expect((guided?.positive, guided?.negative, guided?.seed) == ("a boat", "mist", 5))
    }

    /// A sampler that is told nothing, as one that makes a map of depths, is not the one that counts.
    @Test func theFirstSamplerThatIsToldSomethingCounts() {
        let found = run(
            #""8": {"class_type": "PrimitiveString", "inputs": {"value": "a boat"}}, "12": {"class_type": "KSampler", "inputs": {"seed": 4, "#
                + #""positive": ["13", 0]}}, "13": {"class_type": "DepthConditioning", "inputs": {}}, "14": {"class_type": "ControlNetApply", "#
                + #""inputs": {"conditioning": ["6", 0], "image": ["12", 0]}}"#, positive: #"["14", 0]"#)
        #expect((found?.positive, found?.seed) == ("a boat", 1))
    }

    /// Without a sampler, the words nearest to what is kept; file names and choices out of lists are none.
    @Test(arguments: [
        (#"["a boat on a lake at night", "model-1.0", 5]"#, "SomeService", "a boat on a lake at night"),
        (#"["湖の上に浮かぶ小さな舟と月"]"#, "SomeService", "湖の上に浮かぶ小さな舟と月"), (#"["General Restore Model (2x)", "1:1 (Square)"]"#, "SomeService", nil),
        (#"["boat.png", "image"]"#, "LoadImage", nil), (#"["boat"]"#, "PromptBox", "boat"),
    ])
    func servicesAreAskedInWords(_ values: String, _ kind: String, _ words: String?) {
        let found = recovered(
            """
            {"nodes": [{"id": 1, "type": "\(kind)", "widgets_values": \(values)}, {"id": 2, "type": "SaveImage",
             "inputs": [{"name": "images", "link": 1}], "widgets_values": ["File name of it"]}], "links": [[1, 1, 0, 2, 0, "IMAGE"]]}
            """)
        #expect(found?.positive == words)
    }

    /// Long chains of everything that is followed, many times over, take no time to speak of.
    @Test func graphsOfAnySizeAreReadInLinearTime() {
        let count = 5_000
        func nodes(_ kind: String, _ inputs: (Int) -> String) -> String {
            (1...count).map { #""\#($0)": {"class_type": "\#(kind)", "inputs": {\#(inputs($0))}}"# }.joined(separator: ", ")
        }
        let begin = ContinuousClock.now
        for graph in [
            nodes("ComfySwitchNode") { #""switch": ["\#($0)", 0], "on_true": ["\#($0 + 1)", 0], "on_false": ["\#($0 + 1)", 0]"# },
            nodes("SaveImage") { #""images": ["\#($0 + 1)", 0], "text": ["\#($0 + 1)", 0]"# },
            nodes("SaveText") { #""prompt": ["\#($0 + 1)", 0], "text": ["\#($0 + 1)", 0], "text_b": ["\#($0 / 2 + 2)", 0]"# },
            nodes("KSampler") {
                #""seed": 1, "positive": ["\#($0 + 1)", 0], "negative": ["\#($0 + 1)", 0], "latent_image": ["\#($0 + 1)", 0]"#
            },
        ] {
            _ = RecoveredPrompts.find(in: ["prompt": "{\(graph)}"], isPNG: true)
        }
        #expect(begin.duration(to: .now) < .seconds(20))
    }
}
