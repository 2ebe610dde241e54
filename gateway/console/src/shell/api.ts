// The services behind the gateway, as the console calls them: public RPCs, nothing else.

import { createClient } from "@connectrpc/connect";
import { AnalysisService } from "@potok/web/gen/potok/analysis/v1/analysis_service_pb.ts";
import { MeetingAnalysisService } from "@potok/web/gen/potok/analysis/v1/meeting_analysis_service_pb.ts";
import { AccountService } from "@potok/web/gen/potok/call_sync/v1/account_service_pb.ts";
import { CallService } from "@potok/web/gen/potok/call_sync/v1/call_service_pb.ts";
import { RecordingService } from "@potok/web/gen/potok/call_sync/v1/recording_service_pb.ts";
import { BotService } from "@potok/web/gen/potok/coordinator/v1/bot_service_pb.ts";
import { CoordinatorService } from "@potok/web/gen/potok/coordinator/v1/coordinator_service_pb.ts";
import { TokenService } from "@potok/web/gen/potok/coordinator/v1/token_service_pb.ts";
import { MeetingTasksService } from "@potok/web/gen/potok/recommendations/v1/meeting_tasks_service_pb.ts";
import { ReportExportService } from "@potok/web/gen/potok/recommendations/v1/report_export_service_pb.ts";
import { RecommendationsService } from "@potok/web/gen/potok/recommendations/v1/recommendations_service_pb.ts";
import { TranscriptionService } from "@potok/web/gen/potok/transcription/v1/transcription_service_pb.ts";
import { transport } from "./session.ts";

export const coordinator = createClient(CoordinatorService, transport);
export const bots = createClient(BotService, transport);
export const tokens = createClient(TokenService, transport);
export const accounts = createClient(AccountService, transport);
export const calls = createClient(CallService, transport);
export const recordings = createClient(RecordingService, transport);
export const transcription = createClient(TranscriptionService, transport);
export const analysis = createClient(AnalysisService, transport);
export const meetingAnalysis = createClient(MeetingAnalysisService, transport);
export const recommendations = createClient(RecommendationsService, transport);
export const reportExports = createClient(ReportExportService, transport);
export const meetingTasks = createClient(MeetingTasksService, transport);
