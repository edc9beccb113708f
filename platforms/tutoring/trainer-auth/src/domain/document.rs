use seaworthy::named;
use uuid::Uuid;

named! {
    /// The kind of a document of an application.
    #[derive(PartialOrd, Ord)]
    pub(crate) enum DocumentKind {
        IdProof = "id_proof",
        FaceVerification = "face_verification",
        Qualification = "qualification",
        ExperienceCertificate = "experience_certificate",
    }
}

impl DocumentKind {
    pub(crate) const REQUIRED: [Self; 3] =
        [Self::IdProof, Self::FaceVerification, Self::Qualification];

    /// Returns the start of the keys of a trainer's documents of this kind.
    pub(crate) fn prefix(self, trainer: Uuid) -> String {
        format!("applications/{trainer}/{}/", self.as_str())
    }
}

/// The media types of documents, with the first bytes of their files.
const FORMATS: [(&str, &[u8]); 3] = [
    ("application/pdf", b"%PDF-"),
    ("image/jpeg", &[0xff, 0xd8, 0xff]),
    ("image/png", b"\x89PNG\r\n\x1a\n"),
];

/// The number of bytes that [`is_document`] needs.
pub(crate) const HEAD_SIZE: u64 = 8;

/// Returns whether documents may have this media type.
pub(crate) fn is_document_type(media_type: &str) -> bool {
    FORMATS.iter().any(|(known, _)| *known == media_type)
}

/// Returns whether a file begins like one of its media type.
pub(crate) fn is_document(media_type: &str, head: &[u8]) -> bool {
    let format = FORMATS.iter().find(|(known, _)| *known == media_type);
    format.is_some_and(|(_, start)| head.starts_with(start))
}
