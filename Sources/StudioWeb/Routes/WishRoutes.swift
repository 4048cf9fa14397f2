import Foundation
import Hummingbird
import Studio

/// What a wish comes to, before anything is made.
struct WishRoutes {
    let site: Site

    func add(to router: RouterGroup<Context>) {
        router.post("infotext") { request, _ in
            let text: Strict<Text> = try await request.json()
            return Response.json(site.studio.infotext(text.value.text))
        }
        router.post("plan") { request, _ in
            Response.json(PlanAnswer(try await site.studio.plan(request.json(as: LibraryWish.self))))
        }
    }

    struct Text: Codable, KeyedValue {
        var text: String
        static let keys: Set<String> = ["text"]
    }
}

/// An order and what it will come to.
struct PlanAnswer: Encodable {
    let order: OrderReport
    let plan: PlanReport
    @OrNull var crop: CropEntry?

    init(_ planned: PlannedOrder) {
        (order, plan) = (planned.order, planned.plan)
        _crop = OrNull(wrappedValue: planned.crop)
    }
}
