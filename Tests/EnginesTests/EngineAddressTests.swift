import Testing

@testable import Engines

@Suite struct EngineAddressTests {
    @Test(
        arguments: [
            ("http://gpu:7860", "http://gpu:7860", nil),
            ("http://gpu:7860/", "http://gpu:7860", nil),
            ("HTTP://gpu:7860/sdapi/v1/", "http://gpu:7860", nil),
            ("gpu:7860", "http://gpu:7860", nil),
            ("https://host/below/it", "https://host/below/it", nil),
            ("http://me:secret@gpu:7860", "http://gpu:7860", "Basic bWU6c2VjcmV0"),
            ("http://me:a%40b@gpu:7860", "http://gpu:7860", "Basic bWU6YUBi"),
            ("http://[::1]:7860", "http://[::1]:7860", nil),
        ] as [(String, String, String?)])
    func anAddressIsToldWithoutCredentials(_ text: String, _ told: String, _ authorization: String?) throws {
        let address = try EngineAddress(text)
        #expect(address.description == told)
        #expect(address.authorization == authorization)
    }

    @Test(arguments: [
        "cuda", "", "ftp://gpu:7860", "http://", "http://gpu?x=1", "me:secret@", "ftp://me:secret@gpu:21", "me:secret@gpu port",
        "gpu:99999", "http://me:secret@gpu:0",
    ])
    func whatIsNoneIsRefusedWithoutTellingCredentials(_ text: String) {
        #expect {
            _ = try EngineAddress(text)
        } throws: { error in
            !"\(error)".contains("secret") && "\(error)".contains("http://192.168.1.20:7860")
        }
    }
}
