//! An upload has no size limit.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed_unless_kept};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FILE-1.no-size-limit",
        title: "An upload has no size limit",
        severity: Severity::Medium,
        category: Category::Resilience,
        meaning: "Go: `FormFile` or `ParseMultipartForm` in a file without `MaxBytesReader`, because the argument bounds only the memory. Node.js: `multer`, `busboy` or an interceptor without `limits`. Python: a file that is read whole, without a check of its size. Also explicit removals: `DefaultBodyLimit::disable` with `Multipart`, `[DisableRequestSizeLimit]`, `max-file-size=-1`, `client_max_body_size 0`.",
        why: "One client fills the disk or the memory of the service.",
        fix: &[
            (
                "Go",
                "`r.Body = http.MaxBytesReader(w, r.Body, 10<<20)` before the form is parsed.",
            ),
            (
                "Node.js",
                "`multer({ limits: { fileSize: 10 * 1024 * 1024, files: 1 } })`.",
            ),
            (
                "any",
                "Bound the size of an upload, and return 413 for a larger one.",
            ),
        ],
        references: &[
            "https://cheatsheetseries.owasp.org/cheatsheets/File_Upload_Cheat_Sheet.html",
        ],
    },
    check: Check::Service(|_, service| observed_unless_kept(service, Practice::UploadSize)),
};
