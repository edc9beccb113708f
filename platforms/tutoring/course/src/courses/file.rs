use seaworthy::{audit_log::AuditEntry, data::chrono::Utc, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{CheckedPage, Page};
use tutoring_identity::invalid;

use super::{
    COURSE_WRITE, Courses, Viewer,
    access::{FIRST_LEVEL, require_access},
    catalogue::{MAX_DESCRIPTION, MAX_TITLE, is_note},
};
use crate::{
    domain::{MediaKind, is_text},
    errors,
    store::{CourseFile, FileKind, catalogue, files, purchases, trainers},
};

/// A video or a material to add to a course.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewFile {
    title: String,
    #[serde(default)]
    description: String,
    /// A file that the caller uploaded.
    file_key: String,
}

impl Courses {
    /// Requires that the caller may see the content of a course. These are students with a
    /// purchase, trainers with a student in it, and administrators.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(super) async fn require_viewer(&self, viewer: Viewer, course: Uuid) -> Result<(), Error> {
        let known = catalogue::by_id(&self.database, course).await?;
        known.ok_or_else(errors::not_found)?;
        match viewer {
            Viewer::Student(student) => {
                let purchase = purchases::active(&self.database, student, course).await?;
                require_access(purchase.as_ref(), FIRST_LEVEL)
            }
            Viewer::Trainer(trainer) => {
                match trainers::teaches(&self.database, trainer, None, Some(course)).await? {
                    true => Ok(()),
                    false => Err(errors::no_access("you have no student in this course")),
                }
            }
            Viewer::Admin(_) => Ok(()),
        }
    }

    /// Adds a video or a material to a course.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, or `CONFLICT` for an archived course.
    pub(crate) async fn add_file(
        &self,
        author: Uuid,
        course: Uuid,
        kind: FileKind,
        new: NewFile,
    ) -> Result<Value, Error> {
        if !is_text(&new.title, MAX_TITLE) || !is_note(&new.description, MAX_DESCRIPTION) {
            let problem =
                "must be 1 to 200 bytes, and the description at most 10000, without U+0000";
            return Err(invalid("title", problem));
        }
        let media = match kind {
            FileKind::Video => MediaKind::Video,
            FileKind::Material => MediaKind::Document,
        };
        let named = [("fileKey".to_owned(), media, new.file_key.as_str())];
        let mut keys = self.check_media(author, &named).await?;
        let file = &CourseFile {
            id: Uuid::new_v4(),
            course_id: course,
            title: new.title.trim().to_owned(),
            description: new.description,
            file_key: keys.pop().unwrap_or_default(),
            created_at: Utc::now(),
        };
        self.database
            .transaction(|tx| async move {
                self.require_open(&tx, course).await?;
                files::insert(&tx, kind, file).await?;
                let entry = AuditEntry::new("course.add_file")
                    .target("course", course.to_string())
                    .detail("permission", COURSE_WRITE)
                    .detail("file", file.id.to_string());
                self.audit.append(&tx, entry).await?;
                Ok::<_, Error>(())
            })
            .await?;
        self.file_view(file)
    }

    /// Returns a page of the videos or the materials of a course, with links.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn files(
        &self,
        viewer: Viewer,
        course: Uuid,
        kind: FileKind,
        page: CheckedPage,
    ) -> Result<Page<Value>, Error> {
        self.require_viewer(viewer, course).await?;
        let found = files::of_course(&self.database, kind, course, page).await?;
        found.try_map(|file| self.file_view(&file))
    }

    /// Returns a video with a link.
    ///
    /// # Errors
    /// `NOT_FOUND` or `FORBIDDEN`.
    pub(crate) async fn video(&self, viewer: Viewer, id: Uuid) -> Result<Value, Error> {
        let file = files::by_id(&self.database, FileKind::Video, id).await?;
        let file = file.ok_or_else(errors::not_found)?;
        self.require_viewer(viewer, file.course_id).await?;
        self.file_view(&file)
    }

    fn file_view(&self, file: &CourseFile) -> Result<Value, Error> {
        Ok(json!({
            "id": file.id,
            "courseId": file.course_id,
            "title": file.title,
            "description": file.description,
            "url": self.media_link(&file.file_key)?,
            "createdAt": file.created_at,
        }))
    }
}
