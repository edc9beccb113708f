use jiff::Timestamp;
use seaworthy::{data::prelude::*, prelude::*};
use serde_json::{Value, json};

use super::Courses;
use crate::{
    errors,
    store::{Certificate, certificates},
};

/// The length of the numbers that this service issues.
const NUMBER_LENGTH: usize = 32;

impl Courses {
    /// Returns the certificate with a number. Its letters may have any case.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub(crate) async fn certificate(&self, number: &str) -> Result<Certificate, Error> {
        let number = number.to_ascii_uppercase();
        let is_number = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if number.len() != NUMBER_LENGTH || !is_number {
            return Err(errors::certificate_not_found());
        }
        let found = certificates::by_number(&self.database, &number).await?;
        found.ok_or_else(errors::certificate_not_found)
    }

    /// Returns the URL of the public page of a certificate.
    pub(crate) fn certificate_link(&self, number: &str) -> String {
        format!("{}/{number}", self.certificate_url.trim_end_matches('/'))
    }

    /// Returns the date of a time in the zone of the platform, `YYYY-MM-DD`.
    pub(crate) fn date_of(&self, at: DateTime<Utc>) -> String {
        let at =
            Timestamp::from_millisecond(at.timestamp_millis()).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.date_at(at).to_string()
    }

    /// Returns the certificate as its public data.
    pub(crate) fn certificate_view(&self, certificate: &Certificate) -> Value {
        json!({
            "certificateNumber": certificate.number,
            "studentName": certificate.student_name,
            "courseTitle": certificate.title,
            "issuedAt": certificate.issued_at,
            "certificateUrl": self.certificate_link(&certificate.number),
        })
    }
}
