//! A path contains a name that the client chose.

use crate::model::facts::Practice;
use crate::rule::{Category, Check, Metadata, Rule, Severity, observed};

pub(crate) const RULE: Rule = Rule {
    metadata: Metadata {
        id: "FILE-1.client-path",
        title: "A path contains a name that the client chose",
        severity: Severity::High,
        category: Category::Security,
        meaning: "A join of a folder and a name from the request: `os.path.join(…, file.filename)` (Python), `new File(… + getOriginalFilename())` (Java), `Path.Combine(…, file.FileName)`, `.join(file_name)` of a `Multipart` field (Rust), `path.join(…, req.params.x)` and `preservePath` (Node.js), `filepath.Join` with a parameter (Go). Names that the library reduces to their last part are excluded: `FileHeader.Filename` (Go) and `originalname` (multer).",
        why: "A name such as `../../app/main.py` overwrites or reveals files outside of the folder.",
        fix: &[
            ("Python", "`secure_filename`, or your own name."),
            ("Go", "`os.OpenRoot` and its methods."),
            (
                "any",
                "Store the file under a random name, and keep the name of the client only as text.",
            ),
        ],
        references: &["https://cwe.mitre.org/data/definitions/22.html"],
    },
    check: Check::Service(|_, service| observed(service, Practice::ClientPath)),
};
