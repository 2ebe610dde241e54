"""Who may call which RPC: one table for all of them."""

from google.protobuf.descriptor import MethodDescriptor

from deploy.local.services import STAGE_SERVICES

OPERATOR, ADMIN, SERVICE = "operator", "admin", "service"
COORDINATOR, BOT_STATUS, CALL_SYNC = "coordinator", "bot_status", "call_sync"
TRANSCRIPTION, ANALYSIS, RECOMMENDATIONS = "transcription", "analysis", "recommendations"
STAGES = set(STAGE_SERVICES)
SERVICES = {COORDINATOR, BOT_STATUS, *STAGES}
"""Those of the system itself, each by a key of its own; SERVICE is one outside of it."""
USERS = {OPERATOR, ADMIN}
ANYONE = {OPERATOR, ADMIN, SERVICE, *SERVICES, "nobody"}

RULES: dict[str, dict[str, set[str]]] = {
    "potok.analysis.v1.AnalysisService": {
        "GetAnalysis": USERS,
        "GetAnalyses": {RECOMMENDATIONS, CALL_SYNC},
        "ListAnalyses": USERS,
        "JudgeDialogue": USERS,
        "GetRunUsage": USERS,
    },
    "potok.analysis.v1.MeetingAnalysisService": {"GetMeetingAnalysis": {*USERS, RECOMMENDATIONS}},
    "potok.bot_status.v1.BotStatusService": {
        "StartBot": {COORDINATOR},
        "StopBot": {COORDINATOR},
        "ObserveBot": {COORDINATOR},
        "KeepMedia": {COORDINATOR},
        "ListObservations": {COORDINATOR},
        "GetMeeting": {TRANSCRIPTION},
        "ReadRecording": {TRANSCRIPTION},
    },
    "potok.bot_status.v1.WebhookService": {"ReceiveWebhook": ANYONE},
    "potok.call_sync.v1.AccountService": {
        "AddAccount": {ADMIN},
        "GetAccount": {ADMIN},
        "ListAccounts": {ADMIN},
        "CheckAccount": {ADMIN},
        "ResumeAccount": {ADMIN},
        "ListAccountAudit": {ADMIN},
        "DeleteAccount": {ADMIN},
    },
    "potok.call_sync.v1.CallService": {
        "ListCalls": USERS,
        "GetCall": USERS,
        "SearchCalls": USERS,
        "GetCallFacets": USERS,
    },
    "potok.call_sync.v1.CallSyncService": {
        "GetCalls": {ANALYSIS, RECOMMENDATIONS},
        "ReadRecording": {TRANSCRIPTION},
    },
    "potok.call_sync.v1.RecordingService": {
        "GetRecording": USERS,
        "GetWaveform": USERS,
        "ListRecordingAudit": USERS,
    },
    "potok.coordinator.v1.BotReportService": {"ReportBots": {BOT_STATUS}},
    "potok.coordinator.v1.BotService": {
        "TriggerBot": USERS,
        "GetBotStatus": USERS,
        "UpdateBotStatus": {SERVICE},
        "CreateTasksFromAudio": {SERVICE},
        "ListBots": USERS,
        "StopBot": USERS,
        "ListBotObservations": USERS,
    },
    "potok.coordinator.v1.CoordinatorService": {
        "SetClient": {ADMIN},
        "GetClient": USERS,
        "ListClients": USERS,
        "StartRun": USERS,
        "PreviewRun": USERS,
        "RetryFailed": USERS,
        "CancelRun": USERS,
        "GetRun": USERS,
        "ListRuns": USERS,
        "ListAuditEntries": USERS,
        "ListItems": USERS,
        "GetRangeStatus": USERS,
        "GetLedger": USERS,
        "ReportStatus": STAGES,
        "ListRejectedReports": {ADMIN},
        "AdvanceEpoch": {ADMIN},
        "WatchStatus": USERS,
    },
    "potok.coordinator.v1.DateRangeService": {
        "SyncCalls": USERS,
        "TranscribeCalls": USERS,
        "AnalyzeCalls": USERS,
        "AnalyzeRecommendations": USERS,
        "GetTranscriptionStatus": USERS,
        "GetAnalysisStatus": USERS,
        "GetRecommendationsStatus": USERS,
    },
    "potok.coordinator.v1.SessionService": {
        "CreateSession": {*USERS, SERVICE},
        "GetSession": {*USERS, SERVICE},
        "DeleteSession": ANYONE,
    },
    "potok.coordinator.v1.TokenService": {"IssueToken": {ADMIN}},
    "potok.coordinator.v1.WatchEventsService": {"WatchEvents": USERS},
    "potok.recommendations.v1.MeetingTasksService": {"GetMeetingTasks": {*USERS, COORDINATOR}},
    "potok.recommendations.v1.RecommendationsService": {
        "GetRangeReport": USERS,
        "ListRecommendations": USERS,
        "CloseRecommendation": USERS,
        "ReopenRecommendation": USERS,
        "ListRecommendationAudit": USERS,
        "CountReportedCalls": USERS,
    },
    "potok.recommendations.v1.ReportExportService": {"ExportRangeReport": USERS},
    "potok.stage.v1.StageService": {
        "RunStage": {COORDINATOR},
        "CancelStage": {COORDINATOR},
        "ListItems": {COORDINATOR, *STAGES} - {CALL_SYNC},
        "ListItemChanges": {CALL_SYNC},
        "PreviewStage": {COORDINATOR},
        "CheckSettings": {COORDINATOR},
    },
    "potok.transcription.v1.TranscriptionService": {
        "GetTranscript": USERS,
        "GetTranscripts": {ANALYSIS, RECOMMENDATIONS, CALL_SYNC},
        "ExportTranscript": USERS,
        "ListTranscriptAudit": USERS,
    },
}
"""Who may call what: the second word on it beside the option `roles` of the protos, so that neither changes alone."""


def path_of(method: MethodDescriptor) -> str:
    """Return the path of gRPC."""
    return f"/{method.containing_service.full_name}/{method.name}"


def rule_of(method: MethodDescriptor) -> set[str]:
    """Return who may call an RPC: nobody where there is no rule, which a unit test names."""
    return RULES.get(method.containing_service.full_name, {}).get(method.name, set())
