// The names of platforms and media.

export const PLATFORMS = {
  video: ["Video", "A film with narration and captions"],
  social_post: ["Social post", "A post and its picture"],
  design: ["Design", "A concept and key visuals"],
  copy: ["Copy", "Headline, body, call to action"],
  creative_brief: ["Creative brief", "Objective to deliverables"],
  document: ["Document", "Fields as JSON and CSV"],
};
export const PLATFORM_OPTIONS = Object.entries(PLATFORMS).map(([platform, [label]]) => [platform, label]);

export const MODALITIES = { text: "Text", image: "Image", video: "Video", audio: "Audio" };
