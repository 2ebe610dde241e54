// Инициализация контроллера процессов
const processController = new ProcessController();

// Обработчики для кнопок
document.addEventListener('DOMContentLoaded', () => {
  const syncBtn = document.getElementById('sync-btn');
  const transcribeBtn = document.getElementById('transcribe-btn');
  const analyzeBtn = document.getElementById('analyze-btn');
  const recommendationsBtn = document.getElementById('recommendations-btn');
  
  // Получение значений из полей
  const getFormData = () => {
    return {
      clientId: document.getElementById('client-id').value,
      startDate: document.getElementById('start-date').value,
      endDate: document.getElementById('end-date').value
    };
  };
  
  // Валидация данных формы
  const validateForm = (data) => {
    if (!data.clientId || !data.startDate || !data.endDate) {
      alert('Пожалуйста, заполните все поля');
      return false;
    }
    return true;
  };
  
  // Обработчик синхронизации
  syncBtn.addEventListener('click', async () => {
    const data = getFormData();
    if (!validateForm(data)) return;
    
    await processController.startSyncProcess(data.clientId, data.startDate, data.endDate);
  });
  
  // Обработчик транскрибации
  transcribeBtn.addEventListener('click', async () => {
    const data = getFormData();
    if (!validateForm(data)) return;
    
    await processController.startTranscriptionProcess(data.clientId, data.startDate, data.endDate);
  });
  
  // Обработчик анализа звонков
  analyzeBtn.addEventListener('click', async () => {
    const data = getFormData();
    if (!validateForm(data)) return;
    
    await processController.startAnalysisProcess(data.clientId, data.startDate, data.endDate);
  });
  
  // Обработчик анализа рекомендаций
  recommendationsBtn.addEventListener('click', async () => {
    const data = getFormData();
    if (!validateForm(data)) return;
    
    await processController.startRecommendationsProcess(data.clientId, data.startDate, data.endDate);
  });
});

// Очистка при выходе со страницы
window.addEventListener('beforeunload', () => {
  processController.destroy();
});
