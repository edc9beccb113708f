//! A certificate as a PDF document and as a page.

use pdf_writer::{Content, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};

/// The size of A4 in landscape format, in points.
const WIDTH: f32 = 842.0;
const HEIGHT: f32 = 595.0;
const LEFT: f32 = 80.0;
/// The mean width of a letter of Helvetica, in multiples of the font size.
const LETTER: f32 = 0.6;
/// The line height, in multiples of the font size.
const LINE: f32 = 1.6;
const FONT: Name<'static> = Name(b"F1");
const TITLE: &str = "Certificate of completion";

#[derive(Debug, Clone)]
pub(crate) struct CertificateText {
    pub(crate) number: String,
    pub(crate) student_name: Option<String>,
    pub(crate) course_title: String,
    /// `YYYY-MM-DD`.
    pub(crate) date: String,
    /// The URL of the public page.
    pub(crate) link: String,
}

impl CertificateText {
    /// Returns the lines with their font sizes.
    fn lines(&self) -> Vec<(f32, String)> {
        let mut lines = vec![(32.0, TITLE.to_owned())];
        if let Some(name) = &self.student_name {
            lines.push((24.0, name.clone()));
        }
        lines.extend([
            (18.0, "completed all 30 sessions of the course".to_owned()),
            (24.0, self.course_title.clone()),
            (14.0, format!("Issued on {}", self.date)),
            (14.0, format!("Number {}", self.number)),
            (14.0, format!("Check this certificate at {}", self.link)),
        ]);
        lines
    }

    /// Returns the PDF document. The fonts of PDF readers have Western European letters only, so a
    /// line with other letters is left out. The page of the certificate has it.
    pub(crate) fn pdf(&self) -> Vec<u8> {
        let [catalog, pages, page_id, font, text, info] = [1, 2, 3, 4, 5, 6].map(Ref::new);
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(pages);
        pdf.document_info(info).title(TextStr(TITLE));
        pdf.pages(pages).kids([page_id]).count(1);
        let mut page = pdf.page(page_id);
        page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT));
        page.parent(pages);
        page.contents(text);
        page.resources().fonts().pair(FONT, font);
        page.finish();
        pdf.type1_font(font)
            .base_font(Name(b"Helvetica"))
            .encoding_predefined(Name(b"WinAnsiEncoding"));
        let mut content = Content::new();
        let mut top = HEIGHT - LEFT;
        for (size, line) in self.lines() {
            top -= size * LINE;
            if let Some(line) = western(&line) {
                let size = size.min(fitting_size(line.len()));
                content.begin_text().set_font(FONT, size);
                content.next_line(LEFT, top).show(Str(&line)).end_text();
            }
        }
        pdf.stream(text, &content.finish());
        pdf.finish()
    }

    /// Returns the page, without the shared start and end of pages.
    pub(crate) fn html(&self) -> String {
        let lines = self.lines();
        let lines = lines.iter().skip(1);
        let lines: String = lines
            .map(|(_, line)| format!("<p>{}</p>", escaped(line)))
            .collect();
        let number = escaped(&self.number);
        let link = format!("/api/v1/certificates/{number}/pdf");
        document(
            TITLE,
            &format!("<p>This certificate is valid.</p>{lines}<p><a href=\"{link}\">PDF</a></p>"),
        )
    }
}

/// Returns the page for a number without a certificate.
pub(crate) fn unknown_certificate() -> String {
    document(
        "Unknown certificate",
        "<p>No certificate has this number. Compare it with the number on the document.</p>",
    )
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// Returns the font size at which a line of this many letters fits between the margins.
fn fitting_size(letters: usize) -> f32 {
    let letters = u16::try_from(letters.max(1)).unwrap_or(u16::MAX);
    (WIDTH - 2.0 * LEFT) / (f32::from(letters) * LETTER)
}

/// Encodes a text in Latin-1, whose codes equal those of Unicode. `None` for other letters.
fn western(text: &str) -> Option<Vec<u8>> {
    let byte = |letter: char| match letter {
        ' '..='~' | '\u{a0}'..='\u{ff}' => u8::try_from(u32::from(letter)).ok(),
        _ => None,
    };
    text.chars().map(byte).collect()
}

fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str) -> CertificateText {
        CertificateText {
            number: "0123456789ABCDEF0123456789ABCDEF".to_owned(),
            student_name: Some(name.to_owned()),
            course_title: "Robotics".to_owned(),
            date: "2027-01-01".to_owned(),
            link: "https://app.example.org/certificates/0123".to_owned(),
        }
    }

    #[test]
    fn pdf_has_number_and_representable_lines_api_1() {
        let has = |pdf: &[u8], part: &[u8]| pdf.windows(part.len()).any(|found| found == part);
        let pdf = text("Zoë (Z) \\").pdf();
        assert!(pdf.starts_with(b"%PDF-1.") && has(&pdf, b"%%EOF"));
        assert!(has(&pdf, b"Number 0123456789ABCDEF0123456789ABCDEF"));
        // Text beyond ASCII is in hexadecimal digits.
        assert!(has(&pdf.to_ascii_uppercase(), b"5A6FEB"));
        let lines = |pdf: &[u8]| pdf.windows(3).filter(|found| *found == b" Tj").count();
        let other = text("\u{906}\u{936}\u{93e}").pdf();
        assert_eq!((lines(&pdf), lines(&other)), (7, 6));
    }

    #[test]
    fn long_lines_fit_between_the_margins_api_1() {
        let width = |letters: usize| {
            fitting_size(letters) * LETTER * f32::from(u16::try_from(letters).unwrap())
        };
        assert!(fitting_size(10) > 32.0);
        assert!(width(200) <= WIDTH - 2.0 * LEFT + 1.0);
    }

    #[test]
    fn page_escapes_names_sec_4() {
        let page = text("<script>\"'&").html();
        assert!(
            page.contains("<p>&lt;script&gt;&quot;&#39;&amp;</p>"),
            "{page}"
        );
        assert!(!page.contains("<script"));
    }
}
