// Written by `python -m dashboards.console.generate`: change the Python that it names, not this file.
// Panels as the server sends them. Times in milliseconds, money in minor units, shares from 0 to 1.

export interface MonitorHealth {
  kafka_trouble: string;
  newest_ms: number;
  quiet_ms: number;
  behind: number;
  silent_feeds: number;
}

export interface Decision {
  verdict: "acknowledged" | "confirmed" | "false_alarm" | "reopened";
  author: string;
  at_ms: number;
  kind: "compliance" | "crisis" | "cyber_violence" | "fake_traffic" | "feed_silent" | "feed_time" | "opportunity" | "privacy" | "room_collapse" | "surge";
  severity: "critical" | "info" | "warning";
  brand_id: string;
  family?: string | null;
  note?: string;
  silence_until_ms?: number | null;
}

export interface AlertSummary {
  fingerprint: string;
  kind: "compliance" | "crisis" | "cyber_violence" | "fake_traffic" | "feed_silent" | "feed_time" | "opportunity" | "privacy" | "room_collapse" | "surge";
  family: string;
  severity: "critical" | "info" | "warning";
  state: "firing" | "pending" | "resolved";
  brand_id: string;
  room_id: string;
  source: string;
  started_ms: number;
  updated_ms: number;
  summary: string;
  matched: string;
  article: string;
  observed: Record<string, number>;
  baseline: Record<string, number>;
  present: Record<string, number>;
  calm_since_ms: number | null;
  resolves_ms: number | null;
  decision: Decision | null;
}

export interface OverviewAlerts {
  shown: AlertSummary[];
  firing: number;
  by_severity: Record<"critical" | "info" | "warning", number>;
  hidden: number;
  decided: Record<string, Decision>;
}

export interface RoomLine {
  room_id: string;
  brand_id: string;
  source: string;
  ended: boolean;
  viewers: number | null;
  comments: number;
  likes: number;
  orders: number;
  paid_value: number;
}

export interface BrandLine {
  brand_id: string;
  texts: number;
  sentiments: Record<string, number>;
  risks: Record<string, number>;
  firing: number;
}

export interface OverviewPanels {
  sight: MonitorHealth;
  alerts: OverviewAlerts;
  rooms: RoomLine[];
  brands: BrandLine[];
}

export interface RoomHeader {
  room_id: string;
  brand_id: string;
  source: string;
  session_id: string | null;
  state: "ended" | "live" | "unknown";
  as_of_ms: number;
}

export interface Kpis {
  viewers_now: number | null;
  viewers_peak: number | null;
  stay_seconds: number | null;
  stay_estimated: boolean;
  interaction_rate: number | null;
  follow_rate: number | null;
  entry_rate: number | null;
  click_rate: number | null;
  conversion_rate: number | null;
  funnel: Record<"carters" | "clickers" | "interacting" | "new_followers" | "orderers" | "payers" | "shown" | "viewers", number>;
  created_gmv: number;
  paid_gmv: number;
  net_gmv: number;
  gpm_pv: number | null;
  gpm_uv: number | null;
  viewer_value: number | null;
  buyer_value: number | null;
  refund_rate: number | null;
  refund_value_rate: number | null;
  arrivals: number;
  arrivals_estimated: boolean;
  likes_total: number | null;
  likes_estimated: boolean;
}

export interface InauthenticShare {
  share: number;
  alarming: boolean;
}

export interface Now {
  figures: Kpis;
  sums: Record<"carts" | "collects" | "comments" | "exposures" | "follows" | "gift_value" | "gifts" | "late" | "leaves" | "likes" | "mirrors" | "notices" | "order_value" | "orders" | "paid_value" | "payments" | "posts" | "product_clicks" | "product_shown" | "refund_value" | "refunds" | "retracted" | "reviews" | "shares" | "speeches" | "unfollows" | "views" | "watch_seconds", number>;
  new_followers: number;
  viewers: number;
  fakes: Record<"comments" | "enters" | "likes", InauthenticShare>;
  names_hidden: boolean;
}

export interface TenMinuteComparison {
  last: Record<string, number | null>;
  before: Record<string, number | null>;
}

export interface SentimentMinutes {
  negative: number[];
  neutral: number[];
  positive: number[];
}

export interface Minutes {
  first_ms: number;
  viewers: (number | null)[];
  comments: (number | null)[];
  paid_value: (number | null)[];
  moods: SentimentMinutes;
}

export interface Question {
  text: string;
  times: number;
  before: number;
  wordings: number;
}

export interface Notices {
  raised: AlertSummary[];
  platform: [number, number][];
}

export interface RoomPanels {
  head: RoomHeader;
  now: Now;
  halves: TenMinuteComparison;
  minutes: Minutes;
  questions: Question[];
  notices: Notices;
}

export interface BrandHeader {
  brand_id: string;
  as_of_ms: number;
  known: boolean;
  names_hidden: boolean;
}

export interface TextSummary {
  texts: number;
  scored: number;
  sentiments: Record<string, number>;
  risks: Record<string, number>;
}

export interface VolumeBaseline {
  texts_per_minute: number;
  windows: number;
}

export interface Volume {
  first_ms: number;
  texts: (number | null)[];
  moods: SentimentMinutes;
  usual: VolumeBaseline | null;
}

export interface PlatformTexts {
  platform: string;
  texts: number;
  sentiments: Record<string, number>;
  risky: number;
}

export interface Topic {
  term: string;
  texts: number;
  usual: number;
  rise: number;
  example: string;
}

export interface TopAccount {
  actor_id: string;
  texts: number;
  share: number;
  followers: number;
}

export interface TopAccounts {
  voices: TopAccount[];
  accounts: number;
}

export interface ComparedBrand {
  brand_id: string;
  texts: number;
  share_of_voice: number;
  sentiments: Record<string, number>;
  risky: number;
  firing: number;
}

export interface BrandAlerts {
  shown: AlertSummary[];
  hidden: number;
  decided: Record<string, Decision>;
}

export interface BrandPanels {
  head: BrandHeader;
  said: TextSummary;
  volume: Volume;
  platforms: PlatformTexts[];
  topics: Topic[];
  spread: TopAccounts;
  rivals: ComparedBrand[];
  alerts: BrandAlerts;
  engagement: Kpis;
}

export interface Problem {
  error: string;
  why?: string;
  facts?: Record<string, unknown>;
}

export interface CatalogueStatus {
  file: string;
  brands: number;
  revision: string;
  since_ms: number;
  problem: Problem | null;
}

export interface CatalogueHead {
  status: CatalogueStatus | null;
}

export interface Examples {
  about?: string[];
  not_about?: string[];
}

export interface Brand {
  id: string;
  display_name?: string;
  names?: string[];
  always?: string[];
  ambiguous?: string[];
  context?: string[];
  must?: string[];
  must_not?: string[];
  handles?: string[];
  hashtags?: string[];
  products?: string[];
  own_accounts?: Record<"bilibili" | "bluesky" | "douyin" | "kuaishou" | "mastodon" | "other" | "taobao" | "tiktok" | "weibo" | "x" | "xiaohongshu" | "youtube" | "zhihu", string[]>;
  languages?: string[];
  jurisdiction?: string | null;
  currency?: string | null;
  time_zone?: string | null;
  rivals?: string[];
  examples?: Examples;
}

export interface BrandList {
  shown: Brand[];
  hidden: number;
}

export interface BrandChangeLine {
  brand_id: string;
  author: string;
  at_ms: number;
  added: boolean;
  fields: string[];
  gone: boolean;
  removed: Brand | null;
}

export interface BrandsPanels {
  head: CatalogueHead;
  brands: BrandList;
  changes: BrandChangeLine[];
}

export interface Coordinates {
  topic: string;
  partition: number;
  offset: number;
}

export interface Finding {
  family: string;
  rule: string;
  article: string;
  span: [number, number];
  matched: string;
  severity: "critical" | "info" | "warning";
  said_by: "both" | "likeness" | "rule";
  score: number | null;
  jurisdiction: string | null;
}

export interface Evidence {
  origin: Coordinates;
  event_time: number;
  text?: string;
  sentiment?: string | null;
  risks?: Record<string, number>;
  findings?: Finding[];
  actor_id?: string | null;
  platform?: "bilibili" | "bluesky" | "douyin" | "kuaishou" | "mastodon" | "other" | "taobao" | "tiktok" | "weibo" | "x" | "xiaohongshu" | "youtube" | "zhihu" | null;
  room_id?: string | null;
  count?: number;
  reach?: number;
  text_id?: string;
}

export interface Alert {
  fingerprint: string;
  kind: "compliance" | "crisis" | "cyber_violence" | "fake_traffic" | "feed_silent" | "feed_time" | "opportunity" | "privacy" | "room_collapse" | "surge";
  severity: "critical" | "info" | "warning";
  state: "firing" | "pending" | "resolved";
  brand_id: string;
  started_at: number;
  updated_at: number;
  summary: string;
  explanation: string;
  runbook: string;
  fired_at?: number | null;
  resolved_at?: number | null;
  room_id?: string | null;
  platform?: "bilibili" | "bluesky" | "douyin" | "kuaishou" | "mastodon" | "other" | "taobao" | "tiktok" | "weibo" | "x" | "xiaohongshu" | "youtube" | "zhihu" | null;
  family?: string | null;
  observed?: Record<string, number>;
  baseline?: Record<string, number>;
  factors?: Record<string, number>;
  evidence?: Evidence[];
  spreaders?: Record<string, number>;
  source?: string | null;
  rule?: string | null;
  shadow?: boolean;
  first_severity?: "critical" | "info" | "warning" | null;
  window_minutes?: number | null;
  present?: Record<string, number>;
  calm_since?: number | null;
  resolves_at?: number | null;
  withdrawn?: string[];
}

export interface Change {
  at_ms: number;
  state: "firing" | "pending" | "resolved";
  severity: "critical" | "info" | "warning";
  summary: string;
  kind: "compliance" | "crisis" | "cyber_violence" | "fake_traffic" | "feed_silent" | "feed_time" | "opportunity" | "privacy" | "room_collapse" | "surge";
  observed: Record<string, number>;
  baseline: Record<string, number>;
}

export interface Silence {
  author: string;
  kind: "compliance" | "crisis" | "cyber_violence" | "fake_traffic" | "feed_silent" | "feed_time" | "opportunity" | "privacy" | "room_collapse" | "surge";
  severity: "critical" | "info" | "warning";
  until_ms: number | null;
  note: string;
}

export interface DecisionHistory {
  made: Decision[];
  standing: Decision | null;
  silence: Silence | null;
}

export interface AlertPanels {
  alert: Alert | null;
  said: Record<string, string>;
  timeline: Change[];
  judged: DecisionHistory;
  runbook: string;
  runbook_in: Record<string, string>;
}

export interface Campaign {
  campaign_id: string;
  name: string;
  scope: "brand" | "product" | "room";
  scope_id: string;
  brand_id: string;
  starts_ms: number;
  ends_ms: number;
  tags: string[];
  author: string;
  created_ms: number;
}

export interface CampaignLine {
  campaign: Campaign;
  status: "over" | "planned" | "running";
}

export interface CampaignsPanels {
  campaigns: CampaignLine[];
  present_ms: number;
}

export interface CampaignHeader {
  campaign: Campaign;
  status: "over" | "planned" | "running";
  present_ms: number;
}

export interface Stretch {
  figures: Kpis;
  sums: Record<"carts" | "collects" | "comments" | "exposures" | "follows" | "gift_value" | "gifts" | "late" | "leaves" | "likes" | "mirrors" | "notices" | "order_value" | "orders" | "paid_value" | "payments" | "posts" | "product_clicks" | "product_shown" | "refund_value" | "refunds" | "retracted" | "reviews" | "shares" | "speeches" | "unfollows" | "views" | "watch_seconds", number>;
  viewers: number;
  moods: Record<string, number>;
  kept: number;
  passed: number;
  names_hidden: boolean;
}

export interface Joined {
  first_ms: number;
  step_minutes: number;
  negative_share: (number | null)[];
  payments: number[];
  viewers: (number | null)[];
}

export interface CheckedFamily {
  family: string;
  alerts: AlertSummary[];
}

export interface CampaignPanels {
  head: CampaignHeader | null;
  parts: Record<"after" | "before" | "during", Stretch>;
  joined: Joined | null;
  rules: CheckedFamily[];
}

export interface Servers {
  redis: boolean;
  kafka: boolean;
  kafka_trouble: string;
}

export interface StagePace {
  stage: string;
  behind: Record<string, number | null>;
  partitions: number;
  per_second: number | null;
}

export interface Scoring {
  texts: number;
  unscored: number;
  median_ms: number | null;
  p95_ms: number | null;
}

export interface ShownDeadLetter {
  origin: string;
  stage: string;
  reason: string;
  detail: string;
  at_ms: number;
}

export interface DeadLetterSummary {
  count: number;
  by_reason: Record<string, number>;
  newest: ShownDeadLetter[];
}

export interface TopicFreshness {
  topic: string;
  newest_ms: number;
}

export interface SourceStatus {
  brand_id: string;
  source: string;
  last_ms: number;
  texts: number;
  silent: boolean;
  offset_ms: number;
  lateness_ms: number;
  late: number;
}

export interface Feeds {
  topics: TopicFreshness[];
  sources: SourceStatus[];
}

export interface UnreadType {
  type: string;
  reason: string;
  count: number;
}

export interface FeedConnection {
  name: string;
  kind: string;
  state: "blocked" | "connected" | "connecting" | "finished" | "gone" | "refused" | "stopped" | "waiting";
  since_ms: number;
  error: string;
  last_message_ms: number | null;
  lag_ms: number | null;
  gaps: number;
  gap_ms: number;
  gap_messages: number;
  unread: UnreadType[];
}

export interface OperationsPanels {
  sight: MonitorHealth;
  servers: Servers;
  stages: StagePace[];
  scoring: Scoring | null;
  letters: DeadLetterSummary | null;
  feeds: Feeds;
  connections: FeedConnection[];
}

export interface Quality {
  kind: "compliance" | "crisis" | "cyber_violence" | "fake_traffic" | "feed_silent" | "feed_time" | "opportunity" | "privacy" | "room_collapse" | "surge";
  family: string;
  decided: number;
  acknowledged: number;
  confirmed: number;
  false_alarms: number;
}

export interface QualityRow {
  quality: Quality;
  false_share: number | null;
}

export interface QualityPanels {
  rows: QualityRow[];
  days: number;
}
