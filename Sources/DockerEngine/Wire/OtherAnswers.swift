import DockerPort
import Primitives

/// The used fields of `GET /images/{name}/json`.
struct ImageAnswer: LabelledAnswer {
    static var labelPath: [String] { ["Config", "Labels"] }

    struct Config: Decodable {
        var healthcheck: HealthcheckForm?

        enum CodingKeys: String, CodingKey {
            case healthcheck = "Healthcheck"
        }
    }

    var id: String?
    var config: Config?
    var labels: LabelMap?

    /// Returns the image in the port's form.
    ///
    /// - Parameter bytes: The size of the answer.
    func inspect(ref: String, bytes: Int = 0) -> ImageInspect {
        let healthcheck = config?.healthcheck?.port
        return ImageInspect(
            ref: ref,
            id: id ?? "",
            labels: labels ?? [:],
            hasHealthcheck: healthcheck?.isChecked ?? false,
            slowedHealthcheck: healthcheck?.slowed,
            descriptionBytes: bytes
        )
    }

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case config = "Config"
    }
}

/// A line of `GET /events`.
struct EventLine: LabelledAnswer {
    static var labelPath: [String] { ["Actor", "Attributes"] }

    struct Actor: Decodable {
        var id: String?

        enum CodingKeys: String, CodingKey {
            case id = "ID"
        }
    }

    var type: String?
    var action: String?
    var actor: Actor?
    var time: Int64?
    var timeNano: Int64?
    /// The actor's attributes, including the labels.
    var labels: LabelMap?

    enum CodingKeys: String, CodingKey {
        case type = "Type"
        case action = "Action"
        case actor = "Actor"
        case time
        case timeNano
    }
}

/// A line of a pull's progress.
struct PullLine: Decodable {
    struct ErrorDetail: Decodable {
        var message: String?
    }
    struct ProgressDetail: Decodable {
        var current: Int64?
        var total: Int64?
    }

    var id: String?
    var status: String?
    var progressDetail: ProgressDetail?
    var error: String?
    var errorDetail: ErrorDetail?

    /// The failure in the Docker Engine's words. Newer versions send only the detail.
    var failure: String? { errorDetail?.message ?? error }
}
