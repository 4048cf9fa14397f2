import Foundation
import GRDB

/// What was painted from words alone, as a list shows it.
package struct ListedPainting: Sendable, Hashable {
    package let generation: Generation
    /// 0 to 5; 0 for none.
    package let stars: Int
}

extension Library {
    /// Generations without a picture that they came from, found by the words of their prompts: how many there are, and the latest of them. One
    /// whose file is among the pictures that the query finds is told as that picture and not again here.
    ///
    /// What only pictures have, a state or a tag, no painting has; of an order or a page nothing is heeded but the limit.
    package func paintings(_ query: PictureQuery) throws(LibraryError) -> (total: Int, paintings: [ListedPainting]) {
        guard query.state == nil, query.tag == nil, !query.isBinned, !Library.askInVain(query.words) else { return (0, []) }
        var conditions = [
            "pictureId IS NULL AND status = 'done'", "id NOT IN (SELECT generationId FROM generationMark WHERE binnedAt IS NOT NULL)",
        ]
        var arguments = StatementArguments()
        if let match = Library.match(query.words) {
            conditions.append(Library.generationSays)
            arguments += [match]
        }
        if let stars = query.stars, stars > 0 {
            conditions.append("id IN (SELECT generationId FROM generationMark WHERE stars >= ?)")
            arguments += [stars]
        }
        if let since = query.since {
            conditions.append("createdAt >= ?")
            arguments += [since]
        }
        if let model = query.model {
            conditions.append("model = ?")
            arguments += [model]
        }
        let (pictures, ofPictures) = Library.finding(query)
        conditions.append("id NOT IN (SELECT generationId FROM madePicture WHERE pictureId IN (SELECT id FROM \(pictures)))")
        arguments += ofPictures
        let found = "FROM generation INDEXED BY generationPainted WHERE \(conditions.joined(separator: " AND "))"
        return try read { db in
            let total = try Int.fetchOne(db, sql: "SELECT count(*) \(found)", arguments: arguments) ?? 0
            let numbers = try Int64.fetchAll(
                db, sql: "SELECT id \(found) ORDER BY id DESC LIMIT ?", arguments: arguments + [max(0, query.limit)])
            let generations = try Library.children(
                "SELECT * FROM generation WHERE id IN (%)", of: numbers, by: "id", table: "generation", db
            ) { $0.row.copy() }
            let stars = try Library.children(
                "SELECT generationId, stars FROM generationMark WHERE generationId IN (%)", of: numbers, by: "generationId",
                table: "generationMark", db
            ) { row -> Int in try row.listed.value("stars") }
            let paintings = try Generation.all(numbers.compactMap { generations[$0]?.first }, isListed: true, db).map {
                ListedPainting(generation: $0, stars: stars[$0.id]?.first ?? 0)
            }
            return (total, paintings)
        }
    }
}
