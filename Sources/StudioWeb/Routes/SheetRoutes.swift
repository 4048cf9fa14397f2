import Foundation
import Hummingbird
import Studio

/// Sheets: results beside each other.
struct SheetRoutes {
    let site: Site
    private var studio: Studio { site.studio }

    func add(to router: RouterGroup<Context>) {
        router.post("sheets") { request, _ in
            let wish: Strict<SheetWish> = try await request.json()
            let (axes, orders) = try await studio.orders(ofSheet: wish.value)
            try site.checkRoom(for: orders.count)
            let (sheet, jobs) = try studio.enqueue(sheet: axes, orders, of: wish.value.wish.picture)
            for job in jobs { site.tell(job: job) }
            tell(sheet.id, of: sheet.picture)
            return Response.json(SheetAnswer(sheet), status: .created)
        }
        router.post("sheets/plan") { request, _ in
            let wish: Strict<SheetWish> = try await request.json()
            return Response.json(try await studio.outlook(onSheet: wish.value))
        }
        router.get("sheets") { request, _ in
            let (total, sheets) = try studio.sheets(
                of: try request.number("picture", in: 1...Int.max).map { Int64($0) }, isPainted: try request.flag("painted") ?? false,
                offset: try request.number("offset", in: 0...10_000_000) ?? 0, limit: try request.number("limit", in: 0...Limits.list) ?? 50
            )
            return Response.json(List(total: total, sheets: sheets.map(SheetAnswer.init)))
        }
        router.get("sheets/{id}") { _, context in Response.json(SheetAnswer(try studio.sheet(context.id()))) }
        router.delete("sheets/{id}") { _, context in
            let sheet = try studio.sheet(context.id())
            try studio.remove(sheet: sheet.id)
            tell(sheet.id, of: sheet.picture)
            return Response.json(SheetAnswer(sheet))
        }
    }

    struct List: Encodable {
        let total: Int
        let sheets: [SheetAnswer]
    }

    private func tell(_ sheet: Int64, of picture: Int64?) {
        struct Note: Encodable {
            let id: Int64
            @OrNull var picture: Int64?
        }
        site.hub.tell("sheet", Note(id: sheet, picture: picture))
    }
}

extension SheetWish: KeyedValue {}
