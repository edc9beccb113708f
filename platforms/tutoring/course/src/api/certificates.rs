use seaworthy::{
    axum::{
        http::{
            StatusCode,
            header::{CONTENT_DISPOSITION, CONTENT_TYPE},
        },
        response::{Html, IntoResponse as _},
    },
    prelude::*,
};
use tutoring_contract::{Path, Reply};

use super::{HandlerResult, State};
use crate::{
    courses::Courses,
    domain::{CertificateText, unknown_certificate},
    store::Certificate,
};

fn text(courses: &Courses, certificate: Certificate) -> CertificateText {
    CertificateText {
        link: courses.certificate_link(&certificate.number),
        number: certificate.number,
        student_name: certificate.student_name,
        course_title: certificate.title,
        date: courses.date_of(certificate.issued_at),
    }
}

pub(super) async fn show(courses: State, Path(number): Path<String>) -> HandlerResult {
    let certificate = courses.certificate(&number).await?;
    Reply::ok("certificate", courses.certificate_view(&certificate))
}

pub(super) async fn pdf(courses: State, Path(number): Path<String>) -> HandlerResult {
    let certificate = courses.certificate(&number).await?;
    let file = format!(
        "attachment; filename=\"certificate-{}.pdf\"",
        certificate.number
    );
    let headers = [
        (CONTENT_TYPE, "application/pdf".to_owned()),
        (CONTENT_DISPOSITION, file),
    ];
    Ok((headers, text(&courses, certificate).pdf()).into_response())
}

/// The page on which everyone can check a certificate.
pub(super) async fn page(courses: State, Path(number): Path<String>) -> HandlerResult {
    match courses.certificate(&number).await {
        Ok(certificate) => Ok(Html(text(&courses, certificate).html()).into_response()),
        Err(error) if error.code() == Code::NotFound => {
            Ok((StatusCode::NOT_FOUND, Html(unknown_certificate())).into_response())
        }
        Err(error) => Err(error),
    }
}
