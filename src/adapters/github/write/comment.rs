//! Our one comment with a key: made once, edited from then on.

use http::Method;
use serde_json::json;

use super::{carries, signed};
use crate::adapters::github::GitHub;
use crate::adapters::github::wire::issue::CommentWire;
use crate::domain::issue::Comment;
use crate::plan::Target;
use crate::ports::forge::{Effect, ForgeError};

impl GitHub {
    pub(super) async fn find_comment(
        &self,
        target: &Target,
        key: &str,
        body: &str,
    ) -> Result<Option<Effect>, ForgeError> {
        let Some(number) = self.number_of(target).await? else { return Ok(None) };
        let ours = self.our_comment(number, key).await?;
        let same = ours.filter(|comment| comment.body.trim_end() == signed(body, key));
        Ok(same.map(|comment| effect(number, comment)))
    }

    pub(super) async fn upsert_comment(&self, target: &Target, key: &str, body: &str) -> Result<Effect, ForgeError> {
        let number = self.required_number_of(target).await?;
        let json = json!({ "body": signed(body, key) });
        let request = if let Some(comment) = self.our_comment(number, key).await? {
            let template = "/repos/{owner}/{repo}/issues/comments/{comment_id}";
            self.write(Method::PATCH, template, &[&comment.id], format!("edit our comment on {target}"), json)
        } else {
            let template = "/repos/{owner}/{repo}/issues/{issue_number}/comments";
            self.write(Method::POST, template, &[&number], format!("comment on {target}"), json)
        };
        let comment: CommentWire = self.send(&request).await?.json(&request)?;
        Ok(effect(number, comment.into()))
    }

    /// The oldest one that we wrote: two runs at once may have made two.
    async fn our_comment(&self, number: u64, key: &str) -> Result<Option<Comment>, ForgeError> {
        let us = self.our_id().await?;
        let comments = self.read_comments(number).await?;
        let ours = comments.into_iter().filter(|comment| {
            carries(&comment.body, key) && comment.author.as_ref().is_some_and(|author| author.id == us)
        });
        Ok(ours.min_by_key(|comment| comment.id))
    }
}

fn effect(number: u64, comment: Comment) -> Effect {
    Effect { already: false, number: Some(number), sha: None, url: Some(comment.url) }
}
