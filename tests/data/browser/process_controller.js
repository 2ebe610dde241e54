class ProcessController {
  constructor() {
    this.processes = {
      sync: { status: 'idle', progress: 0 },
      transcribe: { status: 'idle', progress: 0 },
      analyze: { status: 'idle', progress: 0 }, 
      recommendations: { status: 'idle', progress: 0 }
    };
    
    this.activeProcess = null;
    this.pollingIntervals = {};
  }

  // Запуск синхронизации звонков
  async startSyncProcess(clientId, startDate, endDate) {
    if (this.activeProcess) return false;
    
    this.setProcessStatus('sync', 'running');
    this.activeProcess = 'sync';
    
    try {
      const response = await fetch('/api/calls-parallel-bulk/sync-by-date-range', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_id: clientId,
          start_date_str: startDate,
          end_date_str: endDate
        })
      });
      
      if (response.ok) {
        this.setProcessStatus('sync', 'completed');
        this.activeProcess = null;
        return true;
      } else {
        throw new Error('Sync failed');
      }
    } catch (error) {
      this.setProcessStatus('sync', 'error');
      this.activeProcess = null;
      console.error('Sync error:', error);
      return false;
    }
  }

  // Запуск транскрибации с отслеживанием статуса
  async startTranscriptionProcess(clientId, startDate, endDate) {
    if (this.activeProcess) return false;
    
    this.setProcessStatus('transcribe', 'running');
    this.activeProcess = 'transcribe';
    
    try {
      // 1. Запускаем транскрибацию
      const response = await fetch('/api/calls/transcribe-by-date-range', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_id: clientId,
          start_date: startDate,
          end_date: endDate
        })
      });
      
      if (!response.ok) {
        throw new Error('Transcription start failed');
      }
      
      // 2. Начинаем отслеживание статуса
      this.startStatusPolling('transcribe', clientId, startDate, endDate);
      return true;
      
    } catch (error) {
      this.setProcessStatus('transcribe', 'error');
      this.activeProcess = null;
      console.error('Transcription error:', error);
      return false;
    }
  }

  // Запуск анализа звонков с отслеживанием статуса
  async startAnalysisProcess(clientId, startDate, endDate) {
    if (this.activeProcess) return false;
    
    this.setProcessStatus('analyze', 'running');
    this.activeProcess = 'analyze';
    
    try {
      // 1. Запускаем анализ
      const response = await fetch('/api/analyze-by-date-range', {
        method: 'POST', 
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          start_date_str: startDate,
          end_date_str: endDate,
          client_id: clientId
        })
      });
      
      if (!response.ok) {
        throw new Error('Analysis start failed');
      }
      
      // 2. Начинаем отслеживание статуса
      this.startStatusPolling('analyze', clientId, startDate, endDate);
      return true;
      
    } catch (error) {
      this.setProcessStatus('analyze', 'error');
      this.activeProcess = null;
      console.error('Analysis error:', error);
      return false;
    }
  }

  // Запуск анализа рекомендаций с отслеживанием статуса
  async startRecommendationsProcess(clientId, startDate, endDate) {
    if (this.activeProcess) return false;
    
    this.setProcessStatus('recommendations', 'running');
    this.activeProcess = 'recommendations';
    
    try {
      // 1. Запускаем анализ рекомендаций
      const response = await fetch('/api/recommendations/analyze-by-date-range', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_id: clientId,
          start_date_str: startDate,
          end_date_str: endDate
        })
      });
      
      if (!response.ok) {
        throw new Error('Recommendations analysis start failed');
      }
      
      // 2. Начинаем отслеживание статуса
      this.startStatusPolling('recommendations', clientId, startDate, endDate);
      return true;
      
    } catch (error) {
      this.setProcessStatus('recommendations', 'error');
      this.activeProcess = null;
      console.error('Recommendations error:', error);
      return false;
    }
  }

  // Отслеживание статуса процесса
  startStatusPolling(processType, clientId, startDate, endDate) {
    const statusEndpoints = {
      transcribe: '/api/calls/transcribe-by-date-range-status',
      analyze: '/api/analyze-by-date-range-status', 
      recommendations: '/api/recommendations/analyze-by-date-range-status'
    };
    
    const endpoint = statusEndpoints[processType];
    if (!endpoint) return;
    
    // Очищаем предыдущий интервал если есть
    if (this.pollingIntervals[processType]) {
      clearInterval(this.pollingIntervals[processType]);
    }
    
    // Запускаем опрос статуса каждые 5 секунд
    this.pollingIntervals[processType] = setInterval(async () => {
      try {
        const params = new URLSearchParams({
          start_date: startDate,
          end_date: endDate,
          client_id: clientId
        });
        
        const response = await fetch(`${endpoint}?${params}`);
        const statusData = await response.json();
        
        // Обновляем прогресс
        this.updateProgress(processType, statusData.progress_percentage || 0);
        
        // Проверяем завершение
        if (statusData.overall_status === 'completed') {
          this.setProcessStatus(processType, 'completed');
          this.activeProcess = null;
          clearInterval(this.pollingIntervals[processType]);
          delete this.pollingIntervals[processType];
        } else if (statusData.overall_status === 'partial' && statusData.progress_percentage === 100) {
          // Частичное завершение тоже считаем успехом
          this.setProcessStatus(processType, 'completed');
          this.activeProcess = null;
          clearInterval(this.pollingIntervals[processType]);
          delete this.pollingIntervals[processType];
        }
        
      } catch (error) {
        console.error(`Status polling error for ${processType}:`, error);
        // При ошибке опроса не останавливаем процесс, продолжаем попытки
      }
    }, 5000); // Опрос каждые 5 секунд
  }

  // Установка статуса процесса
  setProcessStatus(processType, status) {
    this.processes[processType].status = status;
    this.updateUI();
  }
  
  // Обновление прогресса
  updateProgress(processType, progress) {
    this.processes[processType].progress = progress;
    this.updateUI();
  }

  // Обновление UI
  updateUI() {
    // Обновляем состояние кнопок
    const buttons = {
      sync: document.getElementById('sync-btn'),
      transcribe: document.getElementById('transcribe-btn'), 
      analyze: document.getElementById('analyze-btn'),
      recommendations: document.getElementById('recommendations-btn')
    };
    
    Object.keys(buttons).forEach(processType => {
      const button = buttons[processType];
      const process = this.processes[processType];
      
      // Определяем состояние кнопки
      let buttonState = process.status;
      if (this.activeProcess && this.activeProcess !== processType) {
        buttonState = 'disabled';
      }
      
      // Обновляем UI кнопки
      this.updateButtonState(button, buttonState, process.progress);
    });
  }

  // Обновление состояния кнопки
  updateButtonState(button, state, progress = 0) {
    if (!button) return;
    
    // Удаляем все классы состояний
    button.classList.remove('idle', 'running', 'completed', 'error', 'disabled');
    
    // Добавляем текущий класс состояния
    button.classList.add(state);
    
    // Обновляем текст кнопки и состояние
    switch (state) {
      case 'idle':
        button.disabled = false;
        button.textContent = this.getButtonText(button.id, 'idle');
        break;
        
      case 'running':
        button.disabled = true;
        button.textContent = `${this.getButtonText(button.id, 'running')} (${progress}%)`;
        break;
        
      case 'completed':
        button.disabled = false;
        button.textContent = this.getButtonText(button.id, 'completed');
        break;
        
      case 'error':
        button.disabled = false;
        button.textContent = this.getButtonText(button.id, 'error');
        break;
        
      case 'disabled':
        button.disabled = true;
        button.textContent = this.getButtonText(button.id, 'disabled');
        break;
    }
  }

  // Получение текста для кнопки в зависимости от состояния
  getButtonText(buttonId, state) {
    const texts = {
      'sync-btn': {
        idle: 'Синхронизировать звонки',
        running: 'Синхронизация...',
        completed: 'Звонки синхронизированы ✓',
        error: 'Ошибка синхронизации ✗',
        disabled: 'Синхронизация (заблокирована)'
      },
      'transcribe-btn': {
        idle: 'Транскрибировать',
        running: 'Транскрибация...',
        completed: 'Транскрибация завершена ✓',
        error: 'Ошибка транскрибации ✗',
        disabled: 'Транскрибация (заблокирована)'
      },
      'analyze-btn': {
        idle: 'Анализировать звонки',
        running: 'Анализ звонков...',
        completed: 'Анализ завершен ✓',
        error: 'Ошибка анализа ✗',
        disabled: 'Анализ (заблокирован)'
      },
      'recommendations-btn': {
        idle: 'Анализировать рекомендации',
        running: 'Анализ рекомендаций...',
        completed: 'Анализ рекомендаций завершен ✓',
        error: 'Ошибка анализа рекомендаций ✗',
        disabled: 'Анализ рекомендаций (заблокирован)'
      }
    };
    
    return texts[buttonId]?.[state] || 'Неизвестное состояние';
  }

  // Остановка всех процессов опроса при закрытии страницы
  destroy() {
    Object.values(this.pollingIntervals).forEach(interval => {
      clearInterval(interval);
    });
    this.pollingIntervals = {};
  }
}
