//! The messages of a trace request, from the outside in.

use super::cursor::Progress;
use super::{Fault, JsonError, Transcoder, WRONG};
use crate::limits::{RefusalReason, ScanError};

/// How many bytes the length of each kind of message usually takes.
const GROUP: usize = 3;
const SPAN: usize = 2;
const PART: usize = 1;

const SPAN_KIND: &str = "SPAN_KIND_";
const SPAN_KINDS: &[&str] = &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const STATUS_CODE: &str = "STATUS_CODE_";
const STATUS_CODES: &[&str] = &["UNSET", "OK", "ERROR"];

impl Transcoder<'_> {
    /// The whole body.
    pub(super) fn request(&mut self) -> Result<(), Fault> {
        self.open_object()?;
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"resourceSpans" | b"resource_spans" => {
                    if self.cursor.peek() != Some(b'[') {
                        return Err(WRONG);
                    }
                    self.each(Self::resource_spans)?;
                }
                _ => self.cursor.skip_value()?,
            }
        }
        Ok(self.cursor.end()?)
    }

    fn resource_spans(&mut self) -> Result<(), Fault> {
        count(&mut self.counts.resource_spans, self.limits.max_groups_per_request, "ResourceSpans")?;
        self.open_object()?;
        let opened = self.output.open(1, GROUP);
        let mut is_bad = false;
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"resource" => is_bad |= self.attempt(Self::resource)?.is_some(),
                b"scopeSpans"
                | b"scope_spans"
                | b"instrumentationLibrarySpans"
                | b"instrumentation_library_spans" => self.each(Self::scope_spans)?,
                b"schemaUrl" | b"schema_url" => is_bad |= self.attempt(|this| this.text(3))?.is_some(),
                _ => self.cursor.skip_value()?,
            }
        }
        if is_bad {
            return Err(Fault::Bad(RefusalReason::BadResource));
        }
        self.output.close(opened);
        Ok(())
    }

    fn scope_spans(&mut self) -> Result<(), Fault> {
        count(&mut self.counts.scope_spans, self.limits.max_groups_per_request, "ScopeSpans")?;
        self.open_object()?;
        let opened = self.output.open(2, GROUP);
        let mut is_bad = false;
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"scope" | b"instrumentationLibrary" | b"instrumentation_library" => {
                    is_bad |= self.attempt(Self::scope)?.is_some();
                }
                b"spans" => self.each(Self::span)?,
                b"schemaUrl" | b"schema_url" => is_bad |= self.attempt(|this| this.text(3))?.is_some(),
                _ => self.cursor.skip_value()?,
            }
        }
        if is_bad {
            return Err(Fault::Bad(RefusalReason::BadScope));
        }
        self.output.close(opened);
        Ok(())
    }

    fn resource(&mut self) -> Result<(), Fault> {
        self.open_object()?;
        let opened = self.output.open(1, SPAN);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"attributes" => self.attributes(1)?,
                b"droppedAttributesCount" | b"dropped_attributes_count" => self.count(2)?,
                b"entityRefs" | b"entity_refs" => self.parts(3, None, Self::entity)?,
                _ => self.cursor.skip_value()?,
            }
        }
        self.output.close(opened);
        Ok(())
    }

    fn entity(&mut self, key: &[u8]) -> Result<(), Fault> {
        match key {
            b"schemaUrl" | b"schema_url" => self.text(1),
            b"type" => self.text(2),
            b"idKeys" | b"id_keys" => self.texts(3),
            b"descriptionKeys" | b"description_keys" => self.texts(4),
            _ => Ok(self.cursor.skip_value()?),
        }
    }

    fn scope(&mut self) -> Result<(), Fault> {
        self.open_object()?;
        let opened = self.output.open(1, PART);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"name" => self.text(1)?,
                b"version" => self.text(2)?,
                b"attributes" => self.attributes(3)?,
                b"droppedAttributesCount" | b"dropped_attributes_count" => self.count(4)?,
                _ => self.cursor.skip_value()?,
            }
        }
        self.output.close(opened);
        Ok(())
    }

    fn span(&mut self) -> Result<(), Fault> {
        self.counts.spans += 1;
        if self.counts.spans > self.limits.max_spans_per_request {
            let limit = self.limits.max_spans_per_request;
            return Err(Fault::Stop(ScanError::TooManySpans { limit }.into()));
        }
        self.open_object()?;
        let opened = self.output.open(2, SPAN);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            match &*key {
                b"traceId" | b"trace_id" => self.id(1)?,
                b"spanId" | b"span_id" => self.id(2)?,
                b"traceState" | b"trace_state" => self.text(3)?,
                b"parentSpanId" | b"parent_span_id" => self.id(4)?,
                b"name" => self.text(5)?,
                b"kind" => self.enumeration(6, SPAN_KIND, SPAN_KINDS)?,
                b"startTimeUnixNano" | b"start_time_unix_nano" => self.time(7)?,
                b"endTimeUnixNano" | b"end_time_unix_nano" => self.time(8)?,
                b"attributes" => self.attributes(9)?,
                b"droppedAttributesCount" | b"dropped_attributes_count" => self.count(10)?,
                b"events" => {
                    let limit = (self.limits.max_events_per_span, RefusalReason::TooManyEvents);
                    self.parts(11, Some(limit), Self::event)?;
                }
                b"droppedEventsCount" | b"dropped_events_count" => self.count(12)?,
                b"links" => {
                    let limit = (self.limits.max_links_per_span, RefusalReason::TooManyLinks);
                    self.parts(13, Some(limit), Self::link)?;
                }
                b"droppedLinksCount" | b"dropped_links_count" => self.count(14)?,
                b"status" => self.part(15, Self::status)?,
                b"flags" => self.flags(16)?,
                _ => self.cursor.skip_value()?,
            }
        }
        self.output.close(opened);
        self.output.check(0)?;
        self.kept += 1;
        Ok(())
    }

    fn event(&mut self, key: &[u8]) -> Result<(), Fault> {
        match key {
            b"timeUnixNano" | b"time_unix_nano" => self.time(1),
            b"name" => self.text(2),
            b"attributes" => self.attributes(3),
            b"droppedAttributesCount" | b"dropped_attributes_count" => self.count(4),
            _ => Ok(self.cursor.skip_value()?),
        }
    }

    fn link(&mut self, key: &[u8]) -> Result<(), Fault> {
        match key {
            b"traceId" | b"trace_id" => self.id(1),
            b"spanId" | b"span_id" => self.id(2),
            b"traceState" | b"trace_state" => self.text(3),
            b"attributes" => self.attributes(4),
            b"droppedAttributesCount" | b"dropped_attributes_count" => self.count(5),
            b"flags" => self.flags(6),
            _ => Ok(self.cursor.skip_value()?),
        }
    }

    fn status(&mut self, key: &[u8]) -> Result<(), Fault> {
        match key {
            b"message" => self.text(2),
            b"code" => self.enumeration(3, STATUS_CODE, STATUS_CODES),
            _ => Ok(self.cursor.skip_value()?),
        }
    }

    /// A message that is a part of a span or of a resource; `read` takes the value of each of its keys.
    fn part(&mut self, field: u32, read: fn(&mut Self, &[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        self.open_object()?;
        let opened = self.output.open(field, PART);
        let mut object = Progress::default();
        while let Some(key) = self.cursor.next_key(&mut object)? {
            read(self, &key)?;
        }
        self.output.close(opened);
        Ok(())
    }

    /// A list of such messages, with the limit that the scan has for it.
    fn parts(
        &mut self,
        field: u32,
        limit: Option<(u32, RefusalReason)>,
        read: fn(&mut Self, &[u8]) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.open_list()?;
        let (mut list, mut found) = (Progress::default(), 0);
        while self.cursor.next_element(&mut list)? {
            found += 1;
            if let Some((limit, reason)) = limit
                && found > limit
            {
                return Err(Fault::Bad(reason));
            }
            self.part(field, read)?;
        }
        Ok(())
    }
}

fn count(count: &mut u32, limit: u32, message: &'static str) -> Result<(), JsonError> {
    *count += 1;
    if *count > limit { Err(ScanError::TooManyGroups { message, limit }.into()) } else { Ok(()) }
}
