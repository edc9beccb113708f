//! The type of an upload is taken from the client.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_unless_kept};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FILE-1.claimed-type",
        title: "The type of an upload is taken from the client",
        severity: Severity::Medium,
        category: Category::Security,
        meaning: "A check of the declared media type or of the extension of a file name, in a file that never reads the content: `file.mimetype` (multer), `header.Header.Get(\"Content-Type\")` and `Ext(header.Filename)` (Go), `file.content_type` (Python), `getContentType()` of a `MultipartFile`, `IFormFile.ContentType`.",
        why: "The client chooses both texts. A script or an HTML page passes as a picture, and the service later delivers it.",
        fix: &[
            (
                "Go",
                "`http.DetectContentType(first512Bytes)`, or decode the file.",
            ),
            (
                "Node.js",
                "`fileTypeFromBuffer` of the package `file-type`.",
            ),
            (
                "any",
                "Detect the type from the first bytes, compare it with a list, and store the detected type.",
            ),
        ],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/File_Upload_Cheat_Sheet.html",
            "https://cwe.mitre.org/data/definitions/434.html",
        ],
    },
    check: Check::Service(|_, service| observed_unless_kept(service, Practice::UploadType)),
};
