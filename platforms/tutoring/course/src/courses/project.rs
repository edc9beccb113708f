use seaworthy::{audit_log::AuditEntry, data::chrono::Utc, prelude::*};
use serde_json::{Value, json};
use tutoring_contract::{CallerTerritory, CheckedPage, Page};
use tutoring_identity::{Checks, invalid};

use super::{
    Courses, PROJECT_REVIEW, Viewer,
    access::require_access,
    catalogue::{require_note, require_text},
    learn::Completion,
    notify::Subject,
};
use crate::{
    domain::MediaKind,
    errors,
    store::{Project, Review, projects, purchases, structure, trainers},
};

const MAX_TITLE: usize = 200;
const MAX_DESCRIPTION: usize = 5_000;
/// Maximum number of pictures of a project.
const MAX_IMAGES: usize = 10;
const REVIEW_STATUSES: [&str; 3] = ["approved", "rejected", REVISION_REQUIRED];
const PENDING: &str = "pending";
const REVISION_REQUIRED: &str = "revision_required";

/// A project to create. The files are uploads of the student.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewProject {
    level_id: Uuid,
    project_video_url: String,
    project_pdf_url: String,
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    image_urls: Vec<String>,
}

/// Projects of one visibility.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Gallery {
    Public,
    Community,
}

impl Gallery {
    const fn visibility(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Community => "community",
        }
    }
}

/// Returns the visibility of the projects of a level: foundation, development or mastery.
const fn visibility(level: u8) -> &'static str {
    match level {
        1 => "private",
        2 => "community",
        _ => "public",
    }
}

fn check(new: &NewProject) -> Result<(), Error> {
    let mut checks = Checks::new();
    require_text(&mut checks, "title", &new.title, MAX_TITLE);
    let description = &new.description;
    require_note(&mut checks, "description", description, MAX_DESCRIPTION);
    let is_count = new.image_urls.len() <= MAX_IMAGES;
    checks.require("imageUrls", is_count, "must be at most 10 files");
    checks.finish()
}

fn check_review(review: &Review) -> Result<(), Error> {
    let mut checks = Checks::new();
    checks.one_of("status", review.status.as_str(), &REVIEW_STATUSES);
    let feedback = review.feedback.as_deref().unwrap_or_default();
    require_note(&mut checks, "feedback", feedback, MAX_DESCRIPTION);
    checks.range("rating", review.rating.unwrap_or(1), 1, 5);
    checks.finish()
}

impl Courses {
    /// Stores the project of a level, whose sessions the student has completed. A project whose
    /// revision was required is replaced.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, `FORBIDDEN`, or `CONFLICT` for a second project.
    pub(crate) async fn submit_project(
        &self,
        student: Uuid,
        new: &NewProject,
    ) -> Result<Value, Error> {
        check(new)?;
        let place = structure::place_of_level(&self.database, new.level_id).await?;
        let purchase = purchases::active(&self.database, student, place.course).await?;
        require_access(purchase.as_ref(), place.sequence)?;
        let files = [
            (
                "projectVideoUrl".to_owned(),
                MediaKind::Video,
                &*new.project_video_url,
            ),
            (
                "projectPdfUrl".to_owned(),
                MediaKind::Document,
                &*new.project_pdf_url,
            ),
        ];
        let images = new.image_urls.iter().enumerate();
        let images =
            images.map(|(index, url)| (format!("imageUrls[{index}]"), MediaKind::Image, &**url));
        let files: Vec<_> = files.into_iter().chain(images).collect();
        let mut keys = self.check_media(student, &files).await?.into_iter();
        let project = &Project {
            id: Uuid::new_v4(),
            student_id: student,
            level_id: new.level_id,
            course_id: place.course,
            visibility: visibility(place.sequence).to_owned(),
            status: PENDING.to_owned(),
            title: new.title.trim().to_owned(),
            description: new.description.clone(),
            video_key: keys.next().unwrap_or_default(),
            pdf_key: keys.next().unwrap_or_default(),
            images: keys.collect(),
            feedback: None,
            rating: None,
            reviewed_at: None,
            created_at: Utc::now(),
        };
        let stored = self
            .database
            .transaction(|tx| async move {
                // The lock of the purchase serializes the projects of a student.
                let purchase = purchases::lock_active(&tx, student, place.course).await?;
                require_access(purchase.as_ref(), place.sequence)?;
                if !Completion::of(&tx, student, project.level_id)
                    .await?
                    .completed
                {
                    let problem = "complete all sessions of the level first";
                    return Err(invalid("levelId", problem));
                }
                match projects::of_level(&tx, student, project.level_id).await? {
                    None => {
                        projects::insert(&tx, project).await?;
                        Ok(project.clone())
                    }
                    Some(known) if known.status == REVISION_REQUIRED => {
                        let revised = Project {
                            id: known.id,
                            created_at: known.created_at,
                            ..project.clone()
                        };
                        projects::replace(&tx, &revised).await?;
                        Ok(revised)
                    }
                    Some(_) => Err(errors::project_exists()),
                }
            })
            .await?;
        self.project_view(&stored)
    }

    /// Decides on a project, as the trainer of the student or as an administrator.
    ///
    /// # Errors
    /// `VALIDATION_ERROR`, `NOT_FOUND`, also for the project of another trainer's student, or
    /// `CONFLICT` if the project was reviewed.
    pub(crate) async fn review_project(
        &self,
        caller: (Viewer, &CallerTerritory),
        id: Uuid,
        review: &Review,
    ) -> Result<Value, Error> {
        check_review(review)?;
        let mut project = self
            .database
            .transaction(|tx| async move {
                let project = projects::lock(&tx, id).await?;
                let project = project.ok_or_else(errors::project_not_found)?;
                let entry = AuditEntry::new("project.review")
                    .target("project", id.to_string())
                    .detail("permission", PROJECT_REVIEW)
                    .detail("before", project.status.clone())
                    .detail("after", review.status.clone());
                let work = (project.student_id, project.course_id);
                let not_found = errors::project_not_found;
                let reviewer = self
                    .require_reviewer(&tx, caller, work, entry, not_found)
                    .await?;
                if project.status != PENDING {
                    return Err(errors::project_reviewed());
                }
                projects::set_review(&tx, id, reviewer, review).await?;
                let title = &project.title;
                let body = match review.status.as_str() {
                    "approved" => format!("Your project \"{title}\" is approved."),
                    REVISION_REQUIRED => {
                        format!("Revise your project \"{title}\" and send it again.")
                    }
                    _ => format!("Your project \"{title}\" is rejected."),
                };
                let text = ("Review of your project", body);
                let data = json!({ "projectId": id, "status": review.status });
                self.notify(&tx, project.student_id, Subject::Achievement, text, data)
                    .await?;
                Ok(project)
            })
            .await?;
        project.status.clone_from(&review.status);
        project.feedback.clone_from(&review.feedback);
        project.rating = review.rating;
        project.reviewed_at = Some(Utc::now());
        self.project_view(&project)
    }

    /// Returns a page of the projects of a student. Callers are the student, administrators, and
    /// trainers of the student for their courses.
    ///
    /// # Errors
    /// `FORBIDDEN` for another user.
    pub(crate) async fn projects_of(
        &self,
        viewer: Viewer,
        student: Uuid,
        page: CheckedPage,
    ) -> Result<Page<Value>, Error> {
        let trainer = match viewer {
            Viewer::Student(own) if own != student => {
                return Err(errors::no_access("the projects belong to another student"));
            }
            Viewer::Trainer(trainer) => Some(trainer),
            Viewer::Student(_) | Viewer::Admin(_) => None,
        };
        if let Some(trainer) = trainer
            && !trainers::teaches(&self.database, trainer, Some(student), None).await?
        {
            return Err(errors::no_access("the student has another trainer"));
        }
        let found = projects::of_student(&self.database, student, trainer, page);
        found.await?.try_map(|project| self.project_view(&project))
    }

    /// Returns a page of the approved projects of a gallery, without data of their students.
    ///
    /// # Errors
    /// An error of the database or of the storage.
    pub(crate) async fn gallery(
        &self,
        gallery: Gallery,
        page: CheckedPage,
    ) -> Result<Page<Value>, Error> {
        let found = projects::approved(&self.database, gallery.visibility(), page);
        found.await?.try_map(|project| {
            let mut view = self.project_view(&project)?;
            if let Value::Object(members) = &mut view {
                for private in ["studentId", "feedback", "reviewedAt"] {
                    members.remove(private);
                }
            }
            Ok(view)
        })
    }

    fn project_view(&self, project: &Project) -> Result<Value, Error> {
        let images = project.images.iter().map(|key| self.media_link(key));
        Ok(json!({
            "id": project.id,
            "studentId": project.student_id,
            "levelId": project.level_id,
            "courseId": project.course_id,
            "visibility": project.visibility,
            "status": project.status,
            "title": project.title,
            "description": project.description,
            "projectVideoUrl": self.media_link(&project.video_key)?,
            "projectPdfUrl": self.media_link(&project.pdf_key)?,
            "imageUrls": images.collect::<Result<Vec<_>, _>>()?,
            "feedback": project.feedback,
            "rating": project.rating,
            "reviewedAt": project.reviewed_at,
            "createdAt": project.created_at,
        }))
    }
}
